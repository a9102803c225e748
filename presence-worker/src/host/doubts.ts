/**
 * Reasons to doubt that the streams are still those of the epoch, and the looks that answer them. A look answers the
 * doubts that were there when it began.
 */
export class Doubts {
  #raised = 0;
  #answered = 0;
  #changed = Promise.withResolvers<void>();

  raise(): void {
    this.#raised++;
  }

  /** How many there are now: what a look that begins now will answer. */
  count(): number {
    return this.#raised;
  }

  answer(upTo: number): void {
    this.#answered = Math.max(upTo, this.#answered);
    this.recheck();
  }

  isAnswered(): boolean {
    return this.#answered === this.#raised;
  }

  /** Has those that wait look again at what they wait for. */
  recheck(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Resolves at the next answer or {@link recheck}. */
  changed(): Promise<void> {
    return this.#changed.promise;
  }
}
