import type { ServerToClientEvents } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";
import { io, type Socket } from "socket.io-client";
import { percentile } from "../../chaos/report/stats.ts";
import type { LoadPair } from "./people.ts";

type Client = Socket<ServerToClientEvents>;

/** How long a contact's screen lags behind a person, ms; one number a change that was seen. */
export interface Seen {
  /** from the beginning of a connect, its handshake included, until the contact sees the person online */
  comes: number[];
  /** from a clean leave until the contact sees the person offline */
  leaves: number[];
  /** changes that the contact did not see within ten seconds, and people who could not connect */
  missed: number;
}

const SEEN_WITHIN_MS = 10_000;
const PAUSE_MS = 500;

/**
 * Measures with clients of its own, beside the load: in each pair one comes and leaves over and over, and a contact
 * notes when that shows, both by the clock of this process.
 */
export function measureChanges(
  url: string,
  pairs: readonly LoadPair<{ token: string }>[],
): { seen: Seen; stop(): Promise<void> } {
  const seen: Seen = { comes: [], leaves: [], missed: 0 };
  const ending = new AbortController();
  const running = pairs.map((pair) =>
    repeat(url, pair, seen, ending.signal).catch((error) => {
      seen.missed++;
      console.error(`a measured pair could not connect: ${error instanceof Error ? error.message : error}`);
    }),
  );
  return {
    seen,
    async stop() {
      ending.abort();
      await Promise.all(running);
    },
  };
}

async function repeat(
  url: string,
  { comes, sees }: LoadPair<{ token: string }>,
  seen: Seen,
  signal: AbortSignal,
): Promise<void> {
  const contact = open(url, sees.token);
  const person = open(url, comes.token);
  const wait = waitFor(contact);
  try {
    const [personId] = await Promise.all([authenticated(person, signal), authenticated(contact, signal)]);
    person.disconnect();
    await wait(personId, false, signal);
    while (!signal.aborted) {
      await pause(PAUSE_MS, signal);
      await measure(seen, "comes", wait(personId, true, signal), () => person.connect());
      await pause(PAUSE_MS, signal);
      await measure(seen, "leaves", wait(personId, false, signal), () => person.disconnect());
    }
  } finally {
    person.disconnect();
    contact.disconnect();
  }
}

async function measure(
  seen: Seen,
  what: "comes" | "leaves",
  change: Promise<"seen" | "missed" | "ended">,
  act: () => void,
): Promise<void> {
  const since = performance.now();
  act();
  const outcome = await change;
  if (outcome === "seen") seen[what].push(performance.now() - since);
  else if (outcome === "missed") seen.missed++;
}

const open = (url: string, token: string): Client =>
  io(url, { auth: { token }, transports: ["websocket"], forceNew: true });

/** Who the client is, once it is in. Rejects when it is refused for good, or the measurement ends before. */
const authenticated = (client: Client, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    client.once("authenticated", ({ user }) => resolve(user.id));
    client.on("connect_error", (error) => {
      if (!client.active) reject(error);
    });
    signal.addEventListener("abort", () => reject(new Error("it was not in at the end")));
  });

function waitFor(contact: Client) {
  return (userId: string, isOnline: boolean, signal: AbortSignal) =>
    new Promise<"seen" | "missed" | "ended">((resolve) => {
      const end = (outcome: "seen" | "missed" | "ended") => {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
        contact.off("user:status", look);
        resolve(outcome);
      };
      const look = (status: UserStatus) => {
        if (status.userId === userId && status.isOnline === isOnline) end("seen");
      };
      const abort = () => end("ended");
      const timer = setTimeout(() => end("missed"), SEEN_WITHIN_MS);
      signal.addEventListener("abort", abort);
      contact.on("user:status", look);
      if (signal.aborted) abort();
    });
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** The contract's promise for a clean leave, ms (CONTRACT 9). */
const LEAVE_P95_MS = 150;

/** Whether contacts saw every change, and leaves in time. */
export const isInTime = ({ leaves, missed }: Seen): boolean =>
  missed === 0 && leaves.length > 0 && percentile(leaves, 0.95) < LEAVE_P95_MS;

/** One line for people. */
export function describeSeen({ comes, leaves, missed }: Seen): string {
  const figures = (values: readonly number[]) =>
    `p50 ${Math.round(percentile(values, 0.5))} ms, p95 ${Math.round(percentile(values, 0.95))} ms (${values.length})`;
  if (comes.length + leaves.length + missed === 0) return "no change was seen by a contact yet";
  return `seen by contacts: connect ${figures(comes)}; leave ${figures(leaves)}; missed ${missed}`;
}
