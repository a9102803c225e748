import { PresenceError } from "@meeshy/shared/codes";

/** A place in a list that is in the order of ids. Callers treat it as opaque. */
export const encodeIdCursor = (after: string): string => Buffer.from(`id ${after}`).toString("base64url");

/** @throws {PresenceError} `bad_request`: it was not made by {@link encodeIdCursor} */
export function decodeIdCursor(cursor: string): string {
  const [, after] = /^id ([^\0]+)$/s.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (after === undefined || encodeIdCursor(after) !== cursor)
    throw new PresenceError("bad_request", "This cursor is not one of ours.");
  return after;
}
