import { chromium, type Browser as Chromium } from 'playwright';
import { browserArguments, findBrowser, installBrowser, noBrowser } from '@/scripts/browser';
import { thinned } from '@/lib/kit/history';
import { ratioOf } from './measure';
import { ratioLine, type Line } from './report';
import { say, type Stage } from './stage';

const path = '/tables?view=growth';
const [many, few] = [86_400, 100];

/** Two lines of so many points, one of them with a peak of one point, as the console sends them. */
function answerOf(points: number): { body: string; thinnedInMs: number } {
  const start = Date.UTC(2026, 0, 1);
  const lineOf = (label: string, value: (index: number) => number) => ({ label, points: Array.from({ length: points }, (_, index) => ({ at: new Date(start + index * 1000).toISOString(), value: value(index) })) });
  const lines = [lineOf('waves', (index) => 1e9 + Math.sin(index / 900) * 5e8), lineOf('peak', (index) => (index === Math.floor(points / 2) ? 4e9 : 1e8))];
  const row = { tab: 'public.waves', total_bytes: 1e9, grown_bytes: 1, day_bytes: 1, grown_ratio: 0, grown_rows: null, seen_ms: 86_400_000 };
  const started = performance.now();
  const shown = thinned(lines);
  const thinnedInMs = performance.now() - started;
  return { thinnedInMs, body: JSON.stringify({ state: 'measured', rows: [row], truncated: false, findings: [], sql: null, took_ms: 1, at: new Date(start).toISOString(), stats_since: null, context: null, lines: shown }) };
}

/** From the points on the server until their lines stand, without the network, in a tab that knows the page already. */
async function firstDraw(chrome: Chromium, { browser: { url, cookie } }: Stage, points: number): Promise<number> {
  const context = await chrome.newContext({ baseURL: url.origin });
  const [name = '', ...value] = cookie.split('=');
  await context.addCookies([{ name, value: value.join('='), url: url.origin }]);
  const tab = await context.newPage();
  let { body } = answerOf(few);
  await tab.route(/\/api\/tables\/growth\b/, (route) => route.fulfill({ contentType: 'application/json', body }));
  await tab.goto(path);
  await tab.locator('.recharts-line-curve').nth(1).waitFor();
  const answer = answerOf(points);
  body = answer.body;
  const ms = await tab.evaluate(`new Promise((resolve) => {
    const before = document.querySelector('.recharts-line-curve').getAttribute('d');
    const asked = window.fetch;
    let arrived = 0;
    window.fetch = async (...args) => {
      const answer = await asked(...args);
      const text = await answer.text();
      arrived = performance.now();
      return new Response(text, { status: answer.status, headers: answer.headers });
    };
    new MutationObserver(() => {
      const now = document.querySelector('.recharts-line-curve')?.getAttribute('d');
      if (arrived && now && now !== before) requestAnimationFrame(() => resolve(performance.now() - arrived));
    }).observe(document.body, { subtree: true, attributes: true, childList: true });
    document.querySelector('[data-diagnostic="tables.growth"] button[title="Measure now"]').click();
  })`);
  await context.close();
  return answer.thinnedInMs + (ms as number);
}

/** P16: what a chart of a day's seconds takes over one of a hundred points. */
export async function chart(stage: Stage): Promise<Line[]> {
  const executablePath = findBrowser() ?? (await installBrowser(say));
  if (!executablePath) throw new Error(noBrowser);
  const chrome = await chromium.launch({ executablePath, args: browserArguments });
  const ratios: number[] = [];
  const times: [number, number][] = [];
  for (let round = 0; round < 5; round += 1) {
    // A hundred points of other values: the same ones would draw nothing anew.
    const [over, under] = [await firstDraw(chrome, stage, many), await firstDraw(chrome, stage, few + 1)];
    ratios.push(over / under);
    times.push([over, under]);
  }
  await chrome.close();
  return [ratioLine('P16', `drawing ${many} points of 2 lines / ${few} points`, ratioOf(ratios), { aim: 1.5, detail: times.map(([over, under]) => `${over.toFixed(0)}/${under.toFixed(0)}`).join(' ') + ' ms' })];
}
