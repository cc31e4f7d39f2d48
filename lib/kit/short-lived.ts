/**
 * Answers that are asked for often and may be a little old: whoever asks within `freshMs` shares one, also while it is on its
 * way. One that failed is not kept, and more than `most` of them are forgotten together.
 */
export class ShortLived<T> {
  private readonly known = new Map<string, { at: number; answer: Promise<T> }>();

  constructor(private readonly freshMs: number, private readonly most = 500) {}

  get(key: string, ask: () => Promise<T>): Promise<T> {
    const found = this.known.get(key);
    if (found && Date.now() - found.at < this.freshMs) return found.answer;
    const answer = ask();
    if (this.known.size >= this.most) this.known.clear();
    const entry = { at: Date.now(), answer };
    this.known.set(key, entry);
    answer.catch(() => this.known.get(key) === entry && this.known.delete(key));
    return answer;
  }

  clear(): void {
    this.known.clear();
  }
}
