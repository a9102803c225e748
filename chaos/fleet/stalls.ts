/** Records when this process itself stood still: its timestamps of then are late, and no fault of the product. */
export function watchStalls(stalls: { from: number; to: number }[]): () => void {
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - last > EVERY_MS + WORTH_NOTING_MS) stalls.push({ from: last, to: now });
    last = now;
  }, EVERY_MS);
  return () => clearInterval(timer);
}

const EVERY_MS = 20;
/** A shorter one is within every slack. */
const WORTH_NOTING_MS = 200;
