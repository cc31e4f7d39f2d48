import { defineConfig } from '@playwright/test';
import './test/server-only';
import { browserArguments, findBrowser } from './scripts/browser';

/** End to end, in a real browser, against the production build with a database of its own. No retries: a flaky test is a failing one. */
export default defineConfig({
  testDir: 'e2e',
  globalSetup: './test/console.ts',
  outputDir: 'test-results/e2e',
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ? [['json']] : [['list']],
  use: {
    browserName: 'chromium',
    launchOptions: { executablePath: findBrowser(), args: browserArguments },
    locale: 'en-GB',
    timezoneId: 'UTC',
    screenshot: 'only-on-failure',
    // A recording of everything costs a third of the run: PWTRACE=1 npx playwright test e2e/x.spec.ts makes one where it is wanted.
    trace: process.env.PWTRACE ? 'retain-on-failure' : 'off',
  },
});
