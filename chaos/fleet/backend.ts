import { connect } from "@nats-io/transport-node";
import type { Choice } from "../oracle/history.ts";

/**
 * A team's own service, which speaks for people over NATS, and people's own choices over REST. A request is made once and
 * gives whether it was carried out; where nothing answers in time it may be carried out yet.
 */
export interface Backend {
  /** `ttlS` 0 ends the session. */
  session(userId: string, sessionId: string, ttlS: number, keepOnline: boolean): Promise<boolean>;
  /** null ends the claim of this source. */
  claim(userId: string, source: string, choice: Choice | null, lastsMs: number | null): Promise<boolean>;
  /** With an end the timed choice, which null ends; else the standing one. */
  choose(userId: string, gateway: string, choice: Choice | null, lastsMs: number | null): Promise<boolean>;
  close(): Promise<void>;
}

export interface BackendOptions {
  nats: { url: string; user: string; password: string };
  token(userId: string): string;
}

const ANSWER_WITHIN_MS = 3_000;

export async function openBackend({ nats, token }: BackendOptions): Promise<Backend> {
  const nc = await connect({
    ...{ servers: nats.url, user: nats.user, pass: nats.password, inboxPrefix: `_INBOX_${nats.user}` },
    ...{ maxReconnectAttempts: -1, reconnectTimeWait: 300 },
  });
  const ask = (subject: string, payload: object): Promise<boolean> =>
    nc.request(subject, JSON.stringify(payload), { timeout: ANSWER_WITHIN_MS }).then(
      ({ headers }) => !headers?.has("Nats-Service-Error-Code"),
      () => false,
    );
  const lasting = (ms: number | null) => (ms === null ? {} : { expiresInMs: Math.round(ms) });
  return {
    session: (userId, sessionId, ttlS, keepOnline) =>
      ask("presence.session", { userId, sessionId, ttlS, keepOnline }),
    claim: (userId, source, choice, lastsMs) =>
      ask("presence.availability", {
        ...{ userId, source, availability: choice?.availability ?? null },
        ...(choice === null ? {} : { statusText: choice.statusText, ...lasting(lastsMs) }),
      }),
    choose: (userId, gateway, choice, lastsMs) =>
      fetch(`${gateway}/api/users/me/availability`, {
        method: choice === null ? "DELETE" : "PUT",
        headers: {
          authorization: `Bearer ${token(userId)}`,
          "x-presence-passive": "1",
          ...(choice === null ? {} : { "content-type": "application/json" }),
        },
        ...(choice === null ? {} : { body: JSON.stringify({ ...choice, ...lasting(lastsMs) }) }),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      }).then(
        async (answer) => {
          await answer.arrayBuffer();
          return answer.ok;
        },
        () => false,
      ),
    close: () => nc.close(),
  };
}
