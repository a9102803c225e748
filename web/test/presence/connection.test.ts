import { describe, expect, it } from "vitest";
import {
  advance,
  type ConnectionEvent,
  type ConnectionState,
  INITIAL_CONNECTION,
  isFeedLive,
} from "../../presence/connection.ts";

const since = "2026-01-01T12:00:00.000Z";
const busy = { code: "rate_limited", message: "Later.", retryable: true } as const;
const after = (...events: ConnectionEvent[]): ConnectionState => events.reduce(advance, INITIAL_CONNECTION);

describe("the picture", () => {
  it("is live with the first snapshot", () => {
    expect(isFeedLive(INITIAL_CONNECTION)).toBe(false);
    expect(after({ type: "snapshot" })).toEqual({ phase: "live" });
  });

  it("is stale until the feed is back and a snapshot has come after that", () => {
    const stale = after({ type: "snapshot" }, { type: "stale", since });
    expect(stale).toEqual({ phase: "stale", since, reason: "feed", recovering: false });
    expect(advance(stale, { type: "snapshot" })).toBe(stale);
    const recovering = advance(stale, { type: "fresh" });
    expect(isFeedLive(recovering)).toBe(false);
    expect(advance(recovering, { type: "snapshot" })).toEqual({ phase: "live" });
  });

  it.each([
    ["not-processing", "not-processing"],
    ["storage", "storage"],
    ["a reason of a later server", "feed"],
    [undefined, "feed"],
  ])("says why it is stale: %s reads as %s", (reason, read) => {
    expect(after({ type: "stale", since, reason })).toMatchObject({ phase: "stale", reason: read });
    expect(after({ type: "stale", since, reason }, { type: "fresh" })).toMatchObject({ reason: read });
  });

  it("is stale again when the feed is lost before the snapshot has come", () => {
    const lostAgain = after({ type: "stale", since }, { type: "fresh" }, { type: "stale", since });
    expect(advance(lostAgain, { type: "snapshot" }).phase).toBe("stale");
  });

  it("is held through a moment without a connection, and no longer", () => {
    const lost = after({ type: "snapshot" }, { type: "lost" });
    expect(lost.phase).toBe("connecting");
    expect(isFeedLive(lost)).toBe(true);
    expect(isFeedLive(advance(lost, { type: "lost" }))).toBe(true);
    expect(isFeedLive(advance(lost, { type: "hold elapsed" }))).toBe(false);
  });

  it("is held while a busy server refuses, but not when it refuses for good", () => {
    const lost = after({ type: "snapshot" }, { type: "lost" });
    const refused = advance(lost, { type: "refused", error: busy });
    expect(isFeedLive(refused)).toBe(true);
    expect(isFeedLive(advance(refused, { type: "hold elapsed" }))).toBe(false);
    expect(isFeedLive(advance(lost, { type: "refused", error: { ...busy, retryable: false } }))).toBe(false);
  });

  it("is not held when it was stale before the connection was lost", () => {
    expect(isFeedLive(after({ type: "stale", since }, { type: "lost" }))).toBe(false);
  });

  it("does not lose what a late timer would take away", () => {
    expect(after({ type: "snapshot" }, { type: "hold elapsed" })).toEqual({ phase: "live" });
  });
});

describe("a connection", () => {
  it("stays refused while it is tried again, and is live once it is accepted", () => {
    const refused = after({ type: "refused", error: busy }, { type: "lost" });
    expect(refused).toEqual({ phase: "refused", error: busy, held: false });
    expect(advance(refused, { type: "snapshot" })).toEqual({ phase: "live" });
  });

  it.each(["replaced", "expired"] as const)(
    "keeps '%s' as its reason when the server closes it",
    (reason) => {
      expect(
        after({ type: "snapshot" }, { type: "ended", reason }, { type: "ended", reason: "closed" }),
      ).toEqual({
        phase: "ended",
        reason,
      });
    },
  );

  it("is connecting when it is asked for again after its end", () => {
    expect(after({ type: "ended", reason: "closed" }, { type: "opening" })).toEqual(INITIAL_CONNECTION);
  });
});
