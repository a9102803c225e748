import { describe, expect, it } from "vitest";
import { getPresenceText } from "../../presence/last-seen.ts";
import { registerLocale, type Words } from "../../presence/locale.ts";
import { getUserStatus, type PresenceLike } from "../../presence/status.ts";

const NOW = Date.parse("2026-01-01T12:00:00.000Z");
const MINUTE = 60_000;
const ago = (ms: number) => new Date(NOW - ms).toISOString();

describe("with a live feed", () => {
  it.each([
    { what: "online and active now", user: { isOnline: true, lastActiveAt: ago(0) }, status: "online" },
    {
      what: "online, idle for two hours",
      user: { isOnline: true, lastActiveAt: ago(120 * MINUTE) },
      status: "online",
    },
    { what: "online, activity hidden", user: { isOnline: true, lastActiveAt: null }, status: "online" },
    { what: "offline since just now", user: { isOnline: false, lastActiveAt: ago(0) }, status: "away" },
    {
      what: "offline, 1 ms below 30 min",
      user: { isOnline: false, lastActiveAt: ago(30 * MINUTE - 1) },
      status: "away",
    },
    { what: "offline, 30 min", user: { isOnline: false, lastActiveAt: ago(30 * MINUTE) }, status: "offline" },
    { what: "offline, activity hidden", user: { isOnline: false, lastActiveAt: null }, status: "offline" },
  ] as const)("shows a person $what as $status", ({ user, status }) => {
    expect(getUserStatus(user, NOW).status).toBe(status);
  });
});

const TABLE = [
  { age: 0, status: "online" },
  { age: 5 * MINUTE - 1, status: "online" },
  { age: 5 * MINUTE, status: "away" },
  { age: 30 * MINUTE - 1, status: "away" },
  { age: 30 * MINUTE, status: "offline" },
  // A clock is wrong: it proves nothing.
  { age: -1, status: "away" },
  { age: -10 * MINUTE, status: "away" },
] as const;

describe("with a stale feed", () => {
  it.each(TABLE)("shows a person active $age ms ago as $status, whatever isOnline is", ({ age, status }) => {
    for (const isOnline of [true, false]) {
      expect(getUserStatus({ isOnline, lastActiveAt: ago(age) }, NOW, { live: false }).status).toBe(status);
    }
  });

  it("believes isOnline alone when the last activity is hidden, or no time", () => {
    expect(getUserStatus({ isOnline: true, lastActiveAt: "soon" }, NOW, { live: false }).status).toBe(
      "online",
    );
    expect(getUserStatus({ isOnline: true, lastActiveAt: null }, NOW, { live: false }).status).toBe("online");
    expect(getUserStatus({ isOnline: false, lastActiveAt: null }, NOW, { live: false }).status).toBe(
      "offline",
    );
  });
});

describe("when isOnline is not known", () => {
  it.each(TABLE)("shows a person active $age ms ago as $status", ({ age, status }) => {
    expect(getUserStatus({ lastActiveAt: ago(age) }, NOW).status).toBe(status);
    expect(getUserStatus({ isOnline: null, lastActiveAt: ago(age) }, NOW).status).toBe(status);
  });

  it.each([undefined, null, {}, { lastActiveAt: "not a time" }] satisfies (
    | PresenceLike
    | null
    | undefined
  )[])("shows %o as offline", (user) => {
    expect(getUserStatus(user, NOW).status).toBe("offline");
  });
});

it("takes times as ISO-8601, as ms since 1970 and as Date", () => {
  const millis = NOW - 10 * MINUTE;
  for (const lastActiveAt of [new Date(millis).toISOString(), millis, new Date(millis)]) {
    expect(getUserStatus({ lastActiveAt }, NOW).status).toBe("away");
  }
});

it.each([
  { user: { isOnline: true }, color: "#10b981", en: "Online", fr: "En ligne" },
  { user: { isOnline: false, lastActiveAt: ago(MINUTE) }, color: "#f59e0b", en: "Away", fr: "Absent" },
  { user: { isOnline: false }, color: "#6b7280", en: "Offline", fr: "Hors ligne" },
])("gives $en, in French $fr, the colour $color", ({ user, color, en, fr }) => {
  expect(getUserStatus(user, NOW)).toMatchObject({ color, label: en });
  expect(getUserStatus(user, NOW, { locale: "fr" })).toMatchObject({ color, label: fr });
});

describe("a person who was active minutes ago", () => {
  const of = (part: PresenceLike) => ({ isOnline: false, lastActiveAt: ago(2 * MINUTE), ...part });
  const shown = (part: PresenceLike, options: { live?: boolean; locale?: string } = {}) => {
    const { status, label } = getUserStatus(of(part), NOW, options);
    return [status, label, getPresenceText(of(part), NOW, options)];
  };

  it.each(["disconnect", "connection-lost", "gateway-lost", "admin"])("has left after %s", (cause) => {
    expect(shown({ cause })).toEqual(["away", "Left", "Left 2 minutes ago"]);
    expect(shown({ cause }, { locale: "fr" })).toEqual(["away", "Parti", "Parti il y a 2 minutes"]);
    expect(getPresenceText(of({ cause, lastActiveAt: ago(0) }), NOW)).toBe("Left just now");
  });

  it.each(["idle", "manual", "a cause of a later release", null, undefined])("is away after %s", (cause) => {
    expect(shown({ cause })).toEqual(["away", "Away", "Away"]);
    expect(shown({ cause }, { locale: "fr" })[1]).toBe("Absent");
  });

  it("is away as long as the view may be old, whatever the last cause was", () => {
    expect(shown({ cause: "disconnect", lastActiveAt: ago(6 * MINUTE) }, { live: false })[1]).toBe("Away");
  });

  it("is online, whatever the cause, while they are", () => {
    expect(shown({ cause: "connection-lost", isOnline: true })[2]).toBe("Online");
  });

  it("was last seen then, half an hour later, or is offline where that is hidden", () => {
    expect(shown({ cause: "disconnect", lastActiveAt: ago(180 * MINUTE) })).toEqual([
      "offline",
      "Offline",
      "Last seen 3 hours ago",
    ]);
    expect(getPresenceText({ isOnline: false, cause: "disconnect" }, NOW)).toBe("Offline");
  });

  it("is away in a language that has no word for who left", () => {
    const status = { online: "Da", away: "Abwesend", offline: "Offline" };
    const lastSeen = { now: "da", justNow: "eben", ago: (when: string) => when, on: (date: string) => date };
    registerLocale("zz", { status, lastSeen, stale: "alt" } as Words);
    expect(shown({ cause: "disconnect" }, { locale: "zz" })).toEqual(["away", "Abwesend", "Abwesend"]);
  });
});
