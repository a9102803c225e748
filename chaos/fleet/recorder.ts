import type {
  AckedMessage,
  Choice,
  Connection,
  Ending,
  History,
  Order,
  Received,
  Status,
  Stay,
} from "../oracle/history.ts";
import { see, type View } from "../oracle/views.ts";

/** What a client did, as it is counted. */
type Deed = "connect" | "activity" | "message" | "session" | "choice" | Exclude<Ending, "refused">;

/** Writes down what the clients do and receive, and what is ordered for their people. */
export interface Recorder {
  open(socket: Pick<Connection, "userId" | "client" | "gateway" | "isResumed">): Socket;
  acknowledged(message: Omit<AckedMessage, "ackedAt">): void;
  /** An order that is sent now; what it gives notes that it is carried out. */
  orderSession(order: Sent<Stay>): () => void;
  orderChoice(order: Sent<Choice>): () => void;
  deeds: { at: number; deed: Deed }[];
}

type Sent<Value> = Omit<Order<Value>, "sentAt" | "doneAt">;

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

export function createRecorder(
  history: Pick<History, "connections" | "messages" | "sessions" | "choices">,
): Recorder {
  const deeds: Recorder["deeds"] = [];
  const now = () => performance.now();
  const send = <Value>(orders: Order<Value>[], sent: Sent<Value>, deed: Deed) => {
    const order: Order<Value> = { ...sent, sentAt: now(), doneAt: null };
    orders.push(order);
    return () => {
      order.doneAt = now();
      deeds.push({ at: order.sentAt, deed });
    };
  };
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
    orderSession: (order) => send(history.sessions, order, "session"),
    orderChoice: (order) => send(history.choices, order, "choice"),
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
  const { userId, isOnline, epoch, version, availability, statusText } = payload as Status;
  return { userId, isOnline, epoch, version, availability, statusText };
}
