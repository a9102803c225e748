import type { AppendOptions, Bus, PubAck } from "../ports/bus.ts";

/** Compare-and-set of a subject's last value, as JSON: leases, records and statuses alike. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The value as JSON, in UTF-8. */
export const toBytes = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));
/** @throws {SyntaxError} it is not JSON */
export const fromBytes = (data: Uint8Array): unknown => JSON.parse(decoder.decode(data));
/** As {@link fromBytes}; `undefined`: it is not JSON. */
export function fromBytesOrNone(data: Uint8Array): unknown {
  try {
    return fromBytes(data);
  } catch {
    return undefined;
  }
}

/**
 * Writes only if the subject's last sequence is `expected` (0: none); `seq` of the answer is the next one to
 * expect. A conflict is first of all one's own lost acknowledgement: read the value before another writer is
 * blamed.
 * @throws {PublishRefused} a conflict (`isConflict`), or a message over a limit (`isTooLarge`)
 * @throws {AckLost} it may be stored
 */
export function compareAndSet(
  bus: Pick<Bus, "acks">,
  subject: string,
  data: Uint8Array,
  expected: number,
  options: Omit<AppendOptions, "expected"> = {},
): Promise<PubAck> {
  return bus.acks.publish(subject, data, { ...options, expected });
}

/**
 * Leaves a delete marker, only if the last sequence is `expected`; `data` stays readable with it.
 * @throws {PublishRefused} as {@link compareAndSet}
 * @throws {AckLost} it may be stored
 */
export function compareAndDelete(
  bus: Pick<Bus, "acks">,
  subject: string,
  expected: number,
  data: Uint8Array = new Uint8Array(),
  options: Omit<AppendOptions, "expected" | "deletes"> = {},
): Promise<PubAck> {
  return bus.acks.publish(subject, data, { ...options, expected, deletes: true });
}
