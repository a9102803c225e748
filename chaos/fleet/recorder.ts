import type { AckedMessage, Connection, Ending, History, Received, Status } from "../oracle/history.ts";
import { see, type View } from "../oracle/views.ts";

/** What a client did, as it is counted. */
type Deed = "connect" | "activity" | "message" | Exclude<Ending, "refused">;

/** Writes down what the clients do and receive. */
export interface Recorder {
  open(socket: Pick<Connection, "userId" | "client" | "gateway" | "isResumed">): Socket;
  acknowledged(message: Omit<AckedMessage, "ackedAt">): void;
  deeds: { at: number; deed: Deed }[];
}

/** One socket's entry in the history; after its end nothing is written any more. */
export interface Socket {
  readonly connection: Connection;
  /** the statuses it has received, summed up */
  readonly view: View;
  /** in the log, with a whole view, and not ended */
  isServed(): boolean;
  received(event: string, payload: unknown): void;
  did(deed: "activity" | "message"): void;
  end(how: Ending): void;
}

export function createRecorder(history: Pick<History, "connections" | "messages">): Recorder {
  const deeds: Recorder["deeds"] = [];
  const now = () => performance.now();
  return {
    deeds,
    open(socket) {
      const connection: Connection = {
        ...socket,
        id: history.connections.length,
        openedAt: now(),
        authenticatedAt: null,
        ended: null,
        activities: [],
        received: [],
      };
      const view: View = new Map();
      let hasView = false;
      history.connections.push(connection);
      return {
        connection,
        view,
        isServed: () => hasView && connection.authenticatedAt !== null && connection.ended === null,
        received(event, payload) {
          if (connection.ended) return;
          const at = now();
          if (event === "authenticated") {
            connection.authenticatedAt = at;
            deeds.push({ at, deed: "connect" });
          }
          const received = readEvent(event, payload);
          if (!received) return;
          if (received.kind === "snapshot" && !received.partial) hasView = true;
          connection.received.push({ at, ...received });
          see(view, { at, ...received });
        },
        did(deed) {
          const at = now();
          connection.activities.push(at);
          deeds.push({ at, deed });
        },
        end(how) {
          if (connection.ended) return;
          const at = now();
          connection.ended = { at, how };
          if (how !== "refused") deeds.push({ at, deed: how });
        },
      };
    },
    acknowledged: (message) => void history.messages.push({ ...message, ackedAt: now() }),
  };
}

/** An arrival without its time; an event that is not judged is undefined. */
type Arrival = Received extends infer One ? (One extends Received ? Omit<One, "at"> : never) : never;

function readEvent(event: string, payload: unknown): Arrival | undefined {
  if (event === "user:status") return { kind: "status", ...readStatus(payload) };
  if (event === "message:new") return { kind: "message", id: (payload as { id: string }).id };
  if (event !== "presence:snapshot") return undefined;
  const { users, partial } = payload as { users: unknown[]; partial?: true };
  return { kind: "snapshot", partial: partial === true, users: users.map(readStatus) };
}

function readStatus(payload: unknown): Status {
  const { userId, isOnline, epoch, version } = payload as Status;
  return { userId, isOnline, epoch, version };
}
