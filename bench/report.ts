import type { Ratio } from './measure';

/** One measured figure against the aim of the project; a figure without an aim is printed for what it tells. */
export type Line = { id: string; what: string; value: number; low?: number; high?: number; unit: 'x' | 'ms' | 'kB' | '%'; aim?: number; detail: string };

/** A ratio with its spread over the rounds. */
export const ratioLine = (id: string, what: string, { value, low, high }: Ratio, rest: { aim?: number; detail: string }): Line => ({ id, what, value, low, high, unit: 'x', ...rest });

const show = (value: number, unit: Line['unit']) => (unit === 'x' ? value.toFixed(2) : `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`);

/** Smaller is better, but for P2 and P11's rate, where it is the share that is kept. */
const isShareKept = ({ id, unit }: Line): boolean => unit === 'x' && (id === 'P2' || id === 'P11');
const meets = (line: Line) => line.aim === undefined || (isShareKept(line) ? line.value >= line.aim : line.value <= line.aim);

export function print(lines: Line[]): void {
  for (const line of lines) {
    const { id, what, value, low, high, unit, detail } = line;
    const spread = low === undefined || high === undefined ? '' : `(${low.toFixed(2)}–${high.toFixed(2)})`;
    const aim = line.aim === undefined ? '' : `aim ${isShareKept(line) ? '≥' : '≤'} ${show(line.aim, unit)} ${meets(line) ? 'met' : 'MISSED'}`;
    process.stdout.write(`${id.padEnd(5)} ${what.padEnd(56)} ${show(value, unit).padStart(8)} ${spread.padEnd(12)} ${aim.padEnd(20)} ${detail}\n`);
  }
}
