import { type NatsConnection, NoRespondersError, RequestError, TimeoutError } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { inboxPrefix } from "../nats/permissions.ts";
import { STREAM_EVENTS, SUBJECT_LOG_PROBE } from "../subjects.ts";

const ANSWERS_WITHIN_MS = 2_000;
const ROLE = "sweeper";

/**
 * Asks a nats-server on 127.0.0.1:`port` for its log and has it store an empty message there that no partition reads;
 * gives whether it answers, be it that there is no log. A server whose disk was full stores nothing more, also when there
 * is room again, and says that it is healthy. nats-server 2.9 does not answer for its log either, 2.15.1 does. A write
 * that it refuses would prove nothing: it is answered before the store is asked. Such a server may answer a new
 * connection nothing either, and so does one that stands still. Where a connection is refused, the server is starting,
 * has no room or does not take this password: that counts as an answer.
 */
export function natsLiveness(port: number, password: string | undefined): () => Promise<boolean> {
  let hasAnswered = false;
  const serves = async (connection: NatsConnection): Promise<boolean> => {
    try {
      const ask = (subject: string) => connection.request(subject, "", { timeout: ANSWERS_WITHIN_MS });
      const info = await ask(`$JS.API.STREAM.INFO.${STREAM_EVENTS}`);
      if (!("error" in info.json<object>())) await ask(SUBJECT_LOG_PROBE);
      hasAnswered = true;
      return true;
    } catch (error) {
      // JetStream may not have begun; but it gives up for good when it has no room.
      const isWithoutJetStream =
        error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());
      return isWithoutJetStream && !hasAnswered;
    }
  };
  return async () => {
    let connection: NatsConnection;
    try {
      connection = await connect({
        servers: `127.0.0.1:${port}`,
        name: "liveness",
        inboxPrefix: inboxPrefix(ROLE),
        timeout: ANSWERS_WITHIN_MS,
        reconnect: false,
        ...(password === undefined ? {} : { user: ROLE, pass: password }),
      });
    } catch (error) {
      return !(error instanceof TimeoutError);
    }
    try {
      return await serves(connection);
    } finally {
      await connection.close().catch(() => {});
    }
  };
}
