import Module, { createRequire } from 'node:module';

/**
 * Specs read the rooms' declarations in Playwright's own processes. Those cannot run under the condition `react-server`, by which `server-only` is empty:
 * the consoles that they start would inherit it. So the module is there already, and empty, before a spec asks for it.
 */
const { resolve, cache } = createRequire(import.meta.url);
const path = resolve('server-only');
const empty = new Module(path);
empty.loaded = true;
cache[path] = empty;
