import { Readable } from "node:stream";
import { toIso } from "@meeshy/shared/iso-time";
import type { Timer } from "@meeshy/shared/ports/clock";
import type { TransitionRow } from "@meeshy/shared/ports/transition-history";
import { type Identity, refusalOf } from "../auth/authenticate.ts";
import { ACCOUNT_MAX_AGE_MS } from "../directory/cached-directory.ts";
import type { RouteDeps } from "./context.ts";

/** Bytes that a listener may leave unread. */
export const UNREAD_MAX_BYTES = 256 * 1024;
const COMMENT_EVERY_MS = 15_000;
/** Time to read what was sent before the end. */
const END_WITHIN_MS = 1_000;
/** The longest delay of a timer; a token that lives longer is looked at again then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

type Sources = Pick<RouteDeps, "transitions" | "directory"> & { bus: Pick<RouteDeps["bus"], "clock"> };

/**
 * Everyone's transitions from now on, as server-sent events. It ends with the caller's token or account, with this
 * process, and where too much of it is not read.
 * @throws {PresenceError} `unavailable`: as `TransitionStream.listen`
 */
export async function openTransitionEvents(
  { transitions, directory, bus: { clock } }: Sources,
  caller: Identity,
): Promise<Readable> {
  const body = new Readable({ read() {} });
  let expiry: Timer | undefined;
  let isOver = false;

  const send = (text: string) => {
    if (isOver) return;
    body.push(text);
    if (body.readableLength <= UNREAD_MAX_BYTES) return;
    isOver = true;
    body.destroy();
  };
  const end = () => {
    if (isOver) return;
    isOver = true;
    body.push(null);
    const impatience = clock.after(END_WITHIN_MS, () => body.destroy());
    body.once("close", () => impatience.cancel());
  };

  const leave = await transitions.listen({
    onLines: (lines) => send(toEvents(lines)),
    onStop: end,
  });
  const watchExpiry = (expiresAt: number) => {
    const left = expiresAt - clock.wall();
    if (left <= 0) end();
    else expiry = clock.after(Math.min(left, LONGEST_TIMER_MS), () => watchExpiry(expiresAt));
  };
  const recheck = async () => {
    const account = await directory.users.get(caller.user.id, ACCOUNT_MAX_AGE_MS);
    if (refusalOf(caller, account)) end();
  };
  const comments = clock.every(COMMENT_EVERY_MS, () => {
    send(": still here\n\n");
    // Away, the directory says nothing against them.
    recheck().catch(() => {});
  });
  body.once("close", () => {
    isOver = true;
    leave();
    comments.cancel();
    expiry?.cancel();
  });
  if (caller.expiresAt !== null) watchExpiry(caller.expiresAt);
  send(": transitions from now on\n\n");
  return body;
}

/** All listeners are sent the same lines at once. */
const written = new WeakMap<readonly TransitionRow[], string>();

function toEvents(lines: readonly TransitionRow[]): string {
  const text = written.get(lines) ?? lines.map(toEvent).join("");
  written.set(lines, text);
  return text;
}

const toEvent = ({
  userId,
  epoch,
  version,
  at,
  from,
  to,
  cause,
  connectionId,
  traceId,
}: TransitionRow): string =>
  `event: transition\ndata: ${JSON.stringify({ userId, epoch, version, at: toIso(at), from, to, cause, connectionId, traceId })}\n\n`;
