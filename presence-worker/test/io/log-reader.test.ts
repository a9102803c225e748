import { toBytes } from "@meeshy/shared/nats/last-value";
import { eventSubject } from "@meeshy/shared/subjects";
import { expect, it } from "vitest";
import { readEvent } from "../../src/io/log-reader.ts";
import { connected, profile } from "../core/support/events.ts";

const stored = (userId: string, event: unknown) => ({
  ...{ seq: 7, time: 1_000, deleted: false, pending: 0 },
  subject: eventSubject("gw", userId),
  data: toBytes({ event }),
});

it.each(["alice", "cmb1x9q2v0000abcdefghijkl", "zoë|日本 👋"])("reads what happened to %s", (userId) => {
  const event = connected("c1", "g1");
  expect(readEvent(stored(userId, event))).toEqual({ seq: 7, time: 1_000, userId, message: { event } });
});

it("names every conversation rightly, however many there are", () => {
  for (let user = 0; user < 300; user++) {
    const conversationIds = Array.from({ length: 20 }, (_, at) => `room-${(user * 7 + at) % 4_000}`);
    const event = connected("c1", `g${user}`, { profile: profile({ conversationIds }) });
    expect(readEvent(stored("alice", event))).toMatchObject({ message: { event } });
  }
});
