import type { TestProject } from 'vitest/node';
import { Registry } from './registry';

declare module 'vitest' {
  interface ProvidedContext {
    registry: string;
  }
}

/** Before the integration tests: the server that most of them use, migrated. After them: nothing is left running. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const registry = new Registry();
  try {
    await registry.get({ major: 18, settings: {}, migrated: true });
    project.provide('registry', await registry.listen());
  } catch (error) {
    await registry.close();
    throw error;
  }
  return () => registry.close();
}
