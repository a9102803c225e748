import { headers, type MsgHdrs } from "@nats-io/nats-core";
import type { PubAck } from "./ack-inbox.ts";
import type { NatsLink } from "./connect.ts";

/** Reading and compare-and-set of a subject's last value: leases, records and statuses alike. */

export interface LastValue {
  /** the stream sequence, which is the revision to expect */
  seq: number;
  data: Uint8Array;
  /** a key-value delete marker: the key has a revision, but no value; `data` is what its writer left with it */
  deleted: boolean;
}

const EXPECTED = "Nats-Expected-Last-Subject-Sequence";
const OPERATION = "KV-Operation";
const NOT_FOUND = 404;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const toBytes = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));
export const fromBytes = (data: Uint8Array): unknown => JSON.parse(decoder.decode(data));

export const isDeleteMarker = (found: MsgHdrs | undefined): boolean => {
  const operation = found?.get(OPERATION);
  return operation === "DEL" || operation === "PURGE";
};

/** The last value of one subject by direct get; `undefined` when there is none. */
export async function readLast(
  link: Pick<NatsLink, "nc">,
  stream: string,
  subject: string,
): Promise<LastValue | undefined> {
  const answer = await link.nc.request(`$JS.API.DIRECT.GET.${stream}.${subject}`, new Uint8Array(), {
    timeout: 1_000,
  });
  const status = answer.headers?.code ?? 0;
  if (status === NOT_FOUND) return undefined;
  if (status >= 300) throw new Error(`${subject}: ${answer.headers?.description} (${status})`);
  return {
    seq: Number(answer.headers?.get("Nats-Sequence")),
    data: answer.data,
    deleted: isDeleteMarker(answer.headers),
  };
}

/** Writes only if the subject's last sequence is `expected` (0: none). Conflicts reject: see `isConflict`. */
export function compareAndSet(
  link: NatsLink,
  subject: string,
  data: Uint8Array,
  expected: number,
): Promise<PubAck> {
  const expectation = headers();
  expectation.set(EXPECTED, String(expected));
  return link.acks.publish(subject, data, expectation);
}

/** Leaves a delete marker, only if the last sequence is `expected`; `data` stays readable with it. */
export function compareAndDelete(
  link: NatsLink,
  subject: string,
  expected: number,
  data: Uint8Array = new Uint8Array(),
): Promise<PubAck> {
  const expectation = headers();
  expectation.set(EXPECTED, String(expected));
  expectation.set(OPERATION, "DEL");
  return link.acks.publish(subject, data, expectation);
}
