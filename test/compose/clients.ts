// The SDK runs in browsers too: its sources name what they have.
/// <reference lib="dom" />
import type { ServerToClientEvents } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { io, type Socket } from "socket.io-client";
import { createPresence } from "../../web/presence/presence.ts";

/** How a person connects through the balancer. */
export type Kind = "websocket" | "polling" | "upgrade" | "SDK";
export const KINDS: readonly Kind[] = ["websocket", "polling", "upgrade", "SDK"];

/** Soon, on a busy machine; the medians are printed. */
const SEEN_WITHIN_MS = 30_000;

/** Someone whose statuses are watched through one open connection. */
export interface Viewer {
  /** Every status that the viewer was sent, with its snapshots' people, in order. */
  statuses: UserStatus[];
  isOnline(userId: string): boolean | undefined;
  isConnected(): boolean;
  leave(): void;
}

const TRANSPORTS: Record<Exclude<Kind, "SDK">, string[]> = {
  websocket: ["websocket"],
  polling: ["polling"],
  upgrade: ["polling", "websocket"],
};

/** A stock client; it keeps cookies, as browsers do. Resolves when it is in and has its snapshot. */
export async function connectStock(url: string, token: string, kind: Exclude<Kind, "SDK">): Promise<Viewer> {
  const socket: Socket<ServerToClientEvents> = io(url, {
    auth: { token },
    transports: TRANSPORTS[kind],
    withCredentials: true,
    forceNew: true,
  });
  const statuses: UserStatus[] = [];
  let snapshots = 0;
  socket.on("presence:snapshot", ({ users, partial }) => {
    snapshots += 1;
    // Who is absent from a full one is offline, and was seen to leave if they were online before.
    const present = new Set(users.map(({ userId }) => userId));
    const gone = partial
      ? []
      : latest(statuses).filter((known) => known.isOnline && !present.has(known.userId));
    statuses.push(...gone.map((known) => ({ ...known, isOnline: false })), ...users);
  });
  socket.on("user:status", (status) => statuses.push(status));
  try {
    await eventually(() => snapshots > 0, { within: SEEN_WITHIN_MS, what: `a snapshot over ${kind}` });
  } catch (error) {
    socket.disconnect();
    throw error;
  }
  return {
    statuses,
    isOnline: (userId) => latest(statuses).find((status) => status.userId === userId)?.isOnline,
    isConnected: () => socket.connected,
    leave: () => socket.disconnect(),
  };
}

const latest = (statuses: readonly UserStatus[]) => [
  ...new Map(statuses.map((status) => [status.userId, status])).values(),
];

/** The project's own client. */
export async function connectSdk(url: string, token: string): Promise<{ leave(): void }> {
  const presence = createPresence({ url, token });
  const isLive = () => presence.store.getState().connection.phase === "live";
  try {
    await eventually(isLive, { within: SEEN_WITHIN_MS, what: "a live view of the SDK" });
  } catch (error) {
    presence.leave();
    throw error;
  }
  return presence;
}

/** Comes and leaves again; rejects when `viewer` does not see both. Gives how long either took to be seen, ms. */
export async function comeAndLeave(
  url: string,
  kind: Kind,
  person: { id: string; token: string },
  viewer: Viewer,
): Promise<{ came: number; left: number }> {
  const seen = (online: boolean, what: string) =>
    eventually(() => (viewer.isOnline(person.id) ?? false) === online, {
      within: SEEN_WITHIN_MS,
      every: 2,
      what: `${person.id} ${what} over ${kind}`,
    });
  const came = performance.now();
  const client = await (kind === "SDK"
    ? connectSdk(url, person.token)
    : connectStock(url, person.token, kind));
  try {
    await seen(true, "seen online");
  } finally {
    client.leave();
  }
  const left = performance.now();
  await seen(false, "seen to leave");
  return { came: left - came, left: performance.now() - left };
}
