import type { Bus, LastValue, PubAck } from "../ports/bus.ts";

/** Compare-and-set of a subject's last value, as JSON: leases, records and statuses alike. */

export type { LastValue };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const toBytes = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));
export const fromBytes = (data: Uint8Array): unknown => JSON.parse(decoder.decode(data));
/** `undefined`: it is not JSON. */
export function fromBytesOrNone(data: Uint8Array): unknown {
  try {
    return fromBytes(data);
  } catch {
    return undefined;
  }
}

/** Writes only if the subject's last sequence is `expected` (0: none). Conflicts reject: see `isConflict`. */
export function compareAndSet(
  bus: Pick<Bus, "acks">,
  subject: string,
  data: Uint8Array,
  expected: number,
): Promise<PubAck> {
  return bus.acks.publish(subject, data, { expected });
}

/** Leaves a delete marker, only if the last sequence is `expected`; `data` stays readable with it. */
export function compareAndDelete(
  bus: Pick<Bus, "acks">,
  subject: string,
  expected: number,
  data: Uint8Array = new Uint8Array(),
): Promise<PubAck> {
  return bus.acks.publish(subject, data, { expected, deletes: true });
}
