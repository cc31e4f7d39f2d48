import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser as Chromium, type Page } from 'playwright';
import { browserArguments, findBrowser, installBrowser, noBrowser } from '@/scripts/browser';
import { root } from '@/scripts/supervisor/paths';
import { Browser, median } from './measure';
import { pagesOf } from './pages';
import type { Line } from './report';
import { say, type Stage } from './stage';

const gzipped = (path: string) => gzipSync(readFileSync(path)).length;
const inBuild = (file: string) => join(root, '.next', decodeURIComponent(file));

/** What every page of an App Router application loads, an empty one too. */
function emptyPageBytes(): number {
  const { rootMainFiles } = JSON.parse(readFileSync(inBuild('build-manifest.json'), 'utf8')) as { rootMainFiles: string[] };
  return rootMainFiles.map((file) => gzipped(inBuild(file))).reduce((a, b) => a + b, 0);
}

/** The scripts that the page's HTML names: what must arrive before it can be used. Legacy polyfills are not loaded by a modern browser. */
async function firstLoadBytes(browser: Browser, path: string): Promise<number> {
  const text = await browser.get(path);
  const tags = [...text.matchAll(/<script[^>]*\ssrc="\/_next\/([^"?]+\.js)[^"]*"[^>]*>/g)].filter(([tag]) => !/nomodule/i.test(tag));
  const files = new Set(tags.map(([, file]) => file ?? ''));
  return [...files].map((file) => gzipped(inBuild(file))).reduce((a, b) => a + b, 0);
}

/** The list is to stay near an empty page; a page with charts may load more. */
async function javaScript(browserFor: (path: string) => Browser, paths: string[]): Promise<Line[]> {
  const empty = emptyPageBytes();
  return Promise.all(
    paths.map(async (path): Promise<Line> => {
      const bytes = await firstLoadBytes(browserFor(path), path);
      const detail = `${(bytes / 1024).toFixed(0)} kB over ${(empty / 1024).toFixed(0)} kB gzipped`;
      return { id: 'P13', what: `JavaScript of ${path} / empty page`, value: bytes / empty, unit: 'x', aim: path === '/assessments' ? 1.2 : 1.35, detail };
    }),
  );
}

type Vitals = { lcp: number; cls: number; blocking: number };

/** Observes from the first byte on; long tasks count with what exceeds 50 ms, as Total Blocking Time does. */
const observe = `
  window.vitals = { lcp: 0, cls: 0, blocking: 0 };
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.vitals.lcp = entry.startTime; }).observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.vitals.cls += entry.value; }).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.vitals.blocking += Math.max(0, entry.duration - 50); }).observe({ type: 'longtask', buffered: true });`;

/** A browser that has been here never, on a processor four times slower. */
async function visit(chrome: Chromium, { url, cookie }: Browser, path: string): Promise<Vitals> {
  const context = await chrome.newContext({ baseURL: url.origin });
  const [name = '', ...value] = cookie.split('=');
  if (name) await context.addCookies([{ name, value: value.join('='), url: url.origin }]);
  const tab: Page = await context.newPage();
  await tab.addInitScript(observe);
  const session = await context.newCDPSession(tab);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await tab.goto(path, { waitUntil: 'networkidle' });
  await tab.waitForTimeout(500);
  const seen = (await tab.evaluate('window.vitals')) as Vitals;
  await context.close();
  return seen;
}

/** The emptiest page that there is: what it takes, every page of the framework takes in this browser on this machine. */
const floorPath = '/nowhere';

async function vitals(browserFor: (path: string) => Browser, paths: string[]): Promise<Line[]> {
  const executablePath = findBrowser() ?? (await installBrowser(say));
  if (!executablePath) throw new Error(noBrowser);
  const chrome = await chromium.launch({ executablePath, args: browserArguments });
  const lines: Line[] = [];
  const floors = new Map<string, number>();
  for (const path of [floorPath, ...paths]) {
    const runs: Vitals[] = [];
    for (let run = 0; run < 6; run += 1) runs.push(await visit(chrome, browserFor(path), path));
    // The first visit after the console's start also loads the page's code there.
    const values = (pick: (vitals: Vitals) => number) => runs.slice(1).map(pick);
    const line = (what: string, of: (vitals: Vitals) => number, unit: Line['unit'], aim: number): Line => {
      const all = values(of);
      const value = median(all);
      if (path === floorPath) floors.set(what, value);
      const floor = floors.get(what) ?? 0;
      return { id: 'P14', what: `${what} of ${path}, CPU ÷ 4`, value, low: Math.min(...all), high: Math.max(...all), unit, ...(path === floorPath ? {} : { aim }), detail: path === floorPath ? 'the floor: a page that is not there' : floor > 0 ? `${(value / floor).toFixed(2)} × the floor` : '' };
    };
    lines.push(line('largest contentful paint', (v) => v.lcp, 'ms', 800), line('blocking time', (v) => v.blocking, 'ms', 100), line('layout shift', (v) => v.cls, 'x', 0.02));
  }
  await chrome.close();
  return lines;
}

/** P13, P14: every page of the build, as an administrator; sign-in as nobody. */
export async function page(stage: Stage): Promise<Line[]> {
  const paths = await pagesOf(stage);
  const nobody = new Browser(stage.browser.url.origin, '');
  const browserFor = (path: string) => (path === '/sign-in' ? nobody : stage.browser);
  const lines = [...(await javaScript(browserFor, paths)), ...(await vitals(browserFor, paths))];
  nobody.close();
  return lines;
}
