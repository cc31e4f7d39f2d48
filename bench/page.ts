import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser as Chromium, type Page } from 'playwright';
import { browserArguments, findBrowser } from '../scripts/browser';
import { median, type Browser } from './measure';
import type { Line } from './report';

const root = join(import.meta.dirname, '..');
const gzipped = (path: string) => gzipSync(readFileSync(path)).length;

/** What every page of an App Router application loads, an empty one too. */
function emptyPageBytes(): number {
  const { rootMainFiles } = JSON.parse(readFileSync(join(root, '.next/build-manifest.json'), 'utf8')) as { rootMainFiles: string[] };
  return rootMainFiles.map((file) => gzipped(join(root, '.next', file))).reduce((a, b) => a + b, 0);
}

/** The scripts that the page's HTML names: what must arrive before it can be used. Legacy polyfills are not loaded by a modern browser. */
async function firstLoadBytes(browser: Browser, path: string): Promise<number> {
  const { text } = await browser.send(path);
  const tags = [...text.matchAll(/<script[^>]*\ssrc="(\/_next\/[^"]+\.js)[^"]*"[^>]*>/g)].filter(([tag]) => !/nomodule/i.test(tag));
  const files = new Set(tags.map(([, source]) => (source ?? '').replace('/_next/', '')));
  return [...files].map((file) => gzipped(join(root, '.next', decodeURIComponent(file)))).reduce((a, b) => a + b, 0);
}

export async function javaScript(browser: Browser, pages: { path: string; aim: number }[]): Promise<Line[]> {
  const empty = emptyPageBytes();
  const lines = pages.map(async ({ path, aim }): Promise<Line> => {
    const bytes = await firstLoadBytes(browser, path);
    return { id: 'P13', what: `JavaScript of ${path} / empty page`, value: bytes / empty, unit: 'x', aim, detail: `${(bytes / 1024).toFixed(0)} kB over ${(empty / 1024).toFixed(0)} kB gzipped` };
  });
  return Promise.all(lines);
}

type Vitals = { lcp: number; cls: number; blocking: number };

/** Observes from the first byte on; long tasks count with what exceeds 50 ms, as Total Blocking Time does. */
const observe = `
  window.vitals = { lcp: 0, cls: 0, blocking: 0 };
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.vitals.lcp = entry.startTime; }).observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.vitals.cls += entry.value; }).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.vitals.blocking += Math.max(0, entry.duration - 50); }).observe({ type: 'longtask', buffered: true });`;

async function visit(page: Page, url: string): Promise<Vitals> {
  await page.goto(url, { waitUntil: 'networkidle' });
  await page.waitForTimeout(500);
  return (await page.evaluate('window.vitals')) as Vitals;
}

async function throttled(chrome: Chromium, url: string, cookie: string): Promise<Page> {
  const context = await chrome.newContext({ baseURL: url });
  const [name = '', ...value] = cookie.split('=');
  await context.addCookies([{ name, value: value.join('='), url }]);
  const page = await context.newPage();
  await page.addInitScript(observe);
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  return page;
}

export async function vitals(url: string, cookie: string, paths: string[]): Promise<Line[]> {
  const chrome = await chromium.launch({ executablePath: findBrowser(), args: browserArguments });
  const lines: Line[] = [];
  for (const path of paths) {
    const runs: Vitals[] = [];
    for (let run = 0; run < 5; run += 1) {
      const page = await throttled(chrome, url, cookie);
      runs.push(await visit(page, `${url}${path}`));
      await page.context().close();
    }
    const of = (pick: (vitals: Vitals) => number) => median(runs.map(pick));
    lines.push({ id: 'P14', what: `largest contentful paint of ${path}, CPU ÷ 4`, value: of((v) => v.lcp), unit: 'ms', aim: 800, detail: 'median of 5, cold cache' });
    lines.push({ id: 'P14', what: `blocking time of ${path}, CPU ÷ 4`, value: of((v) => v.blocking), unit: 'ms', aim: 100, detail: `layout shift ${of((v) => v.cls).toFixed(3)} (aim ≤ 0.02)` });
  }
  await chrome.close();
  return lines;
}
