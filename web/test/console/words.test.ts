import { describe, expect, it } from "vitest";
import { failureOf } from "../../console/failure.ts";
import { ageText, durationText, lagText, listText, rangesOf } from "../../console/format.ts";
import { gatherPage } from "../../console/gather-page.ts";
import { nameOwners } from "../../console/owners.ts";
import { hashOf, parseRoute, type Route } from "../../console/route.ts";
import { createServerClock } from "../../console/server-clock.ts";
import { pauseAfter } from "../../console/use-polled.ts";
import { whyText } from "../../console/why-text.ts";
import type { Explanation, Person } from "../../console/wire.ts";
import { ago, NOW, transition } from "./build.ts";

describe("the reason for a status", () => {
  const explanation = (change: Partial<Explanation>): Explanation => ({
    userId: "alice",
    state: "online",
    deadline: null,
    ownAvailability: { availability: "available", statusText: null, expiresAt: null },
    choices: {
      standing: { availability: "available", statusText: null },
      timed: null,
      services: [],
    },
    connections: [],
    transitions: [],
    ...change,
  });
  const connection = { connectionId: "c", gatewayId: "g", device: null, since: ago(1), passive: false };

  it("says what happened, what is open, and what comes next", () => {
    const text = whyText(
      explanation({
        deadline: ago(-90),
        connections: [connection, { ...connection, connectionId: "d" }],
        transitions: [transition(5, "offline", "online")],
      }),
      NOW,
    );
    expect(text).toMatch(/^Online, since \d\d:\d\d:\d\d: a device connected\. 2 connections are open\./);
    expect(text).toContain("becomes a zombie in 1 min 30 s.");
  });

  it("says that a zombie becomes offline, also when the time is over", () => {
    const text = whyText(explanation({ state: "zombie", deadline: ago(1) }), NOW);
    expect(text).toContain("becomes offline at any moment.");
    expect(text).toContain("No connection is open.");
  });

  it("says that invisible people are seen offline", () => {
    const own = { availability: "invisible", statusText: null, expiresAt: null } as const;
    expect(whyText(explanation({ ownAvailability: own }), NOW)).toContain("Others see this person offline");
  });
});

describe("addresses", () => {
  it("lead back to the view that they were made for", () => {
    const routes: Route[] = [
      { view: "people", state: null, search: "" },
      { view: "people", state: "zombie", search: "a b&c" },
      { view: "person", userId: "auth0|a/b#?%" },
      { view: "processes" },
      { view: "live", userId: "" },
      { view: "live", userId: "bob@example.org" },
    ];
    for (const route of routes) expect(parseRoute(hashOf(route))).toEqual(route);
  });

  it("that lead nowhere show people", () => {
    for (const hash of ["", "#", "#/nowhere", "#/people/%E0%A4%A", "#/people?state=strange"])
      expect(parseRoute(hash)).toEqual({ view: "people", state: null, search: "" });
  });
});

describe("failures", () => {
  it("are said in plain words, with those of the gateway where it has some", () => {
    expect(failureOf(403, null)).toMatchObject({ kind: "forbidden" });
    expect(failureOf(403, null).message).toContain("belongs to a user, not to an administrator");
    expect(failureOf(401, null).kind).toBe("unauthorized");
    const body = { error: { code: "unavailable", message: "No sweeper has answered.", retryable: true } };
    expect(failureOf(503, body)).toMatchObject({ kind: "unavailable", message: "No sweeper has answered." });
    expect(failureOf(502, "<html>")).toMatchObject({ kind: "unavailable" });
    expect(failureOf(400, null).kind).toBe("refused");
  });

  it("are asked about less often the longer they last", () => {
    expect([0, 1, 2, 9].map((failures) => pauseAfter(failures, 2_000))).toEqual([
      2_000, 4_000, 8_000, 10_000,
    ]);
  });
});

describe("a page of people", () => {
  const person = { userId: "p" } as Person;

  it("is gathered from pages that have few", async () => {
    const asked: (string | null)[] = [];
    const page = await gatherPage(
      ({ cursor }) => {
        asked.push(cursor);
        const number = asked.length;
        return Promise.resolve({
          users: number === 3 ? [person] : [],
          nextCursor: number < 3 ? `c${number}` : null,
        });
      },
      { state: "zombie", search: "", cursor: null },
    );
    expect(asked).toEqual([null, "c1", "c2"]);
    expect(page).toEqual({ users: [person], nextCursor: null });
  });

  it("ends after some reads, and says where the next begins", async () => {
    const page = await gatherPage(() => Promise.resolve({ users: [], nextCursor: "more" }), {
      state: "zombie",
      search: "",
      cursor: null,
    });
    expect(page).toEqual({ users: [], nextCursor: "more" });
  });
});

it("gives workers letters that they keep", () => {
  const first = nameOwners(new Map(), ["b", "a", "a"]);
  expect([...first].map(([id, { letter }]) => id + letter)).toEqual(["aA", "bB"]);
  const then = nameOwners(first, ["b", "c", "d"]);
  expect(Object.fromEntries([...then].map(([id, { letter }]) => [id, letter]))).toEqual({
    b: "B",
    c: "A",
    d: "C",
  });
  const many = nameOwners(
    new Map(),
    Array.from({ length: 60 }, (_, index) => `w${index}`),
  );
  expect(new Set([...many.values()].map(({ letter }) => letter)).size).toBe(60);
});

it("writes numbers that follow each other as ranges", () => {
  expect(rangesOf([0, 1, 4, 7, 8, 9, 63])).toEqual(["0", "1", "4", "7 to 9", "63"]);
  expect(rangesOf([])).toEqual([]);
});

it("writes durations, ages and lists", () => {
  expect([0, 4_900, 125_000, 3_840_000, 180_000_000].map(durationText)).toEqual([
    "0 s",
    "4 s",
    "2 min 5 s",
    "1 h 4 min",
    "2 d 2 h",
  ]);
  expect([null, ago(1), ago(12), ago(1_207)].map((at) => ageText(at, NOW))).toEqual([
    "never",
    "just now",
    "12 s ago",
    "20 min ago",
  ]);
  expect([lagText(3.4), lagText(1_440), lagText(61_000)]).toEqual(["3 ms", "1.4 s", "1 min 1 s"]);
  expect([listText([]), listText([1]), listText([1, 2]), listText([1, 2, 3, 4], 3)]).toEqual([
    "",
    "1",
    "1 and 2",
    "1, 2 and 2 more",
  ]);
});

it("follows the server's clock where the operator's is wrong, and leaves a right one alone", () => {
  const clock = createServerClock(() => NOW);
  clock.sync(new Date(NOW - 900).toUTCString());
  expect(clock.now()).toBe(NOW);
  clock.sync(new Date(NOW + 3_600_000).toUTCString());
  expect(clock.now() - NOW).toBe(3_600_500);
  clock.sync("nonsense");
  expect(clock.now() - NOW).toBe(3_600_500);
});
