import { randomBytes } from "node:crypto";

/** Values of the counter within a millisecond: 12 bits. */
const COUNTED = 4_096;

let lastMs = 0;
let count = 0;

/**
 * A UUID of version 7, greater as text than every one before it in this process: messages of one millisecond are read in
 * the order in which they were stored. The time is this process's own, and decides nothing else.
 */
export function messageId(): string {
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    count = 0;
  } else if (++count === COUNTED) {
    lastMs++;
    count = 0;
  }
  const time = lastMs.toString(16).padStart(12, "0");
  const order = count.toString(16).padStart(3, "0");
  const random = randomBytes(8);
  const variant = ((random[0] ?? 0) & 0x3f) | 0x80;
  random[0] = variant;
  const rest = random.toString("hex");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${order}-${rest.slice(0, 4)}-${rest.slice(4)}`;
}
