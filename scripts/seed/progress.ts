/** One line that moves on a terminal; elsewhere a line for every tenth. */
export class Progress {
  private lastTenth = 0;
  private readonly started = Date.now();

  constructor(private readonly label: string, private readonly total: number, private readonly out: NodeJS.WriteStream = process.stdout) {}

  at(done: number): void {
    const percent = Math.floor((done / this.total) * 100);
    if (this.out.isTTY) {
      this.out.write(`\r${this.label}: ${percent} %`);
    } else if (Math.floor(percent / 10) > this.lastTenth && percent < 100) {
      this.lastTenth = Math.floor(percent / 10);
      this.out.write(`${this.label}: ${percent} %\n`);
    }
  }

  done(): void {
    const seconds = ((Date.now() - this.started) / 1000).toFixed(1);
    this.out.write(`${this.out.isTTY ? '\r' : ''}${this.label}: done in ${seconds} s\n`);
  }
}
