/** One measured ratio against the aim of the project; a ratio without an aim is printed for what it tells. */
export type Line = { id: string; what: string; value: number; unit: 'x' | 'ms' | 'kB'; aim?: number; detail: string };

const show = (value: number, unit: Line['unit']) => (unit === 'x' ? value.toFixed(2) : `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`);

/** Smaller is better, but for P2, where it is the share of the floor's throughput that is kept. */
const meets = (line: Line) => line.aim === undefined || (line.id === 'P2' ? line.value >= line.aim : line.value <= line.aim);

export function print(lines: Line[]): void {
  for (const line of lines) {
    const aim = line.aim === undefined ? '' : `aim ${line.id === 'P2' ? '≥' : '≤'} ${show(line.aim, line.unit)} ${meets(line) ? 'met' : 'MISSED'}`;
    process.stdout.write(`${line.id.padEnd(6)}${line.what.padEnd(52)}${show(line.value, line.unit).padStart(10)}  ${aim.padEnd(22)}${line.detail}\n`);
  }
}
