import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Server modules begin with `import 'server-only'`, which outside a server bundle throws; this is what it is inside one.
const resolve = { alias: { '@': here('.'), 'server-only': here('node_modules/server-only/empty.js') } };

const shared = { pool: 'forks' as const, restoreMocks: true, exclude: ['node_modules/**', '.next/**', '.data/**', 'e2e/**'] };

export default defineConfig({
  resolve,
  test: {
    // Two cores are what a small machine has, and each file has a process of its own.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { ...shared, name: 'unit', include: ['**/*.test.{ts,tsx}'], exclude: [...shared.exclude, '**/*.int.test.ts'], testTimeout: 10_000 },
      },
      {
        extends: true,
        test: { ...shared, name: 'integration', include: ['**/*.int.test.ts'], globalSetup: ['test/global-setup.ts'], testTimeout: 30_000, hookTimeout: 60_000 },
      },
    ],
  },
});
