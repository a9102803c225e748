import { versioned } from "@meeshy/shared/versions";
import { expect, test } from "vitest";
import { createRandom } from "../../../chaos/random.ts";
import { createEarlier } from "../../versions/earlier.ts";
import { createLater, LENIENT } from "../../versions/later.ts";

const later = (raises = LENIENT, now = () => 0) =>
  createLater({ random: createRandom(1).next, now, raises: new Set(raises) });
const STATUS = versioned("status", {
  ...{ userId: "u1", isOnline: true, availability: "busy", cause: "connect", at: null },
  conversationIds: ["general"],
});

test("what a later release writes has a later version, unknown fields at every level and unknown values", () => {
  const { write } = later();
  const written = Array.from({ length: 20 }, () => write("status", STATUS, "presence.set.u1"));
  for (const one of written) expect(one).toMatchObject({ userId: "u1", v: 2, "next field": {} });
  expect(new Set(written.map(({ cause }) => cause))).toEqual(new Set(["connect", "of tomorrow"]));
  const lease = { owner: "w", memory: { publishers: { p: { number: 1 } }, seq: 3 } };
  expect(write("lease", lease, "$KV.PRESENCE_LEASES.p.1")).toEqual({
    owner: "w",
    memory: {
      publishers: { p: { number: 1, "next field": expect.anything() } },
      seq: 3,
      "next field": expect.anything(),
    },
    "next field": expect.anything(),
  });
});

test("a later release reads what it wrote itself, with its fields in their order, and what others wrote", () => {
  const { write, read } = later();
  for (let time = 0; time < 20; time++)
    expect(JSON.stringify(read("status", write("status", STATUS, "presence.set.u1")))).toBe(
      JSON.stringify(STATUS),
    );
  expect(read("status", STATUS)).toEqual(STATUS);
});

test("a later release says of an unknown availability that it is public, unless it does not know it itself", () => {
  const { write, read } = later();
  const written = (profile: object) =>
    Array.from({ length: 20 }, () => {
      const message = { event: { type: "look", profile: { availabilityExpiresAt: null, ...profile } } };
      const given = write("logMessage", message, "presence.in.1.gw.u1");
      expect(read("logMessage", given)).toEqual({ v: 1, ...message });
      return (given.event as { profile: Record<string, unknown> }).profile;
    }).filter(({ availability }) => availability === "of tomorrow");
  expect(new Set(written({ availability: "busy" }).map(({ stored }) => stored))).toEqual(
    new Set(["as-shown"]),
  );
  for (const { stored } of written({ availability: "available", stored: "unknown" }))
    expect(["unknown", "of tomorrow"]).toContain(stored);
  expect(written({ availability: "invisible" })).toEqual([]);
});

test("of two activities at once the second is of an unknown type, also when it is sent again; of others none", () => {
  let now = 0;
  const { write } = later([], () => now);
  const typeOf = (number: number, subject = "presence.in.1.gw.u1") => {
    const { event } = write("logMessage", { publisher: "p", number, event: { type: "activity" } }, subject);
    return (event as { type: string }).type;
  };
  expect([1, 2].map((number) => typeOf(number))).toEqual(["activity", "of tomorrow"]);
  expect(typeOf(3, "presence.in.1.gw.u2")).toBe("activity");
  now = 1;
  expect([1, 2, 4].map((number) => typeOf(number))).toEqual(["activity", "of tomorrow", "activity"]);
});

test("an earlier release reads an unknown availability as available", () => {
  const profile = { availability: "of tomorrow", "next availability": "busy", stored: "as-shown" };
  expect(createEarlier().read("logMessage", { event: { type: "look", profile } })).toEqual({
    event: { type: "look", profile: { availability: "available", "next availability": "busy" } },
  });
});

test("an earlier release writes no version and none of the fields that were added since", () => {
  const { write } = createEarlier();
  expect(write("heartbeat", versioned("heartbeat", { beat: 1, leaseMs: 2, users: 3 }), "")).toEqual({
    beat: 1,
    users: 3,
  });
  const clock = { now: 1, proven: 2, sweepers: { s: { time: 1, broker: 2, heard: 3 } } };
  expect(write("lease", { owner: "w", memory: { clock } }, "")).toEqual({
    owner: "w",
    memory: { clock: { now: 1, sweepers: { s: { time: 1 } } } },
  });
});
