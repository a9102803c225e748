import type { JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { LastValue } from "../ports/bus.ts";
import { isDeleteMarker } from "./acks.ts";

const NOT_FOUND = 404;

/**
 * The last value of one subject by direct get, which any replica of the stream answers and which may lag
 * behind; `undefined` when there is none.
 * @throws {TimeoutError} no answer within `timeoutMs`
 * @throws {Error} the server's status, when it refuses the question; no stream of this name
 */
export async function readLastValue(
  nc: NatsConnection,
  stream: string,
  subject: string,
  timeoutMs: number,
): Promise<LastValue | undefined> {
  const answer = await nc.request(`$JS.API.DIRECT.GET.${stream}.${subject}`, new Uint8Array(), {
    timeout: timeoutMs,
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

/** The last value of one subject as the leader of the stream has it; `undefined` when there is none. */
export async function readLastOfLeader(
  jsm: JetStreamManager,
  stream: string,
  subject: string,
): Promise<LastValue | undefined> {
  const found = await jsm.streams.getMessage(stream, { last_by_subj: subject });
  return found ? { seq: found.seq, data: found.data, deleted: isDeleteMarker(found.header) } : undefined;
}
