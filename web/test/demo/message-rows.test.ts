import { expect, it } from "vitest";
import { formatDay, formatShortly } from "../../demo/format.ts";
import { toMessageRows } from "../../demo/message-rows.ts";
import type { ChatMessage } from "../../presence/wire.ts";

const message = (id: string, senderId: string, at: Date): ChatMessage => ({
  id,
  conversationId: "general",
  senderId,
  content: id,
  createdAt: at.toISOString(),
});
// Days begin where the viewer is.
const at = (day: number, hour: number, minute = 0) => new Date(2026, 2, day, hour, minute);
const rowsOf = (...messages: ChatMessage[]) =>
  toMessageRows(messages).map((row) => (row.kind === "day" ? new Date(row.at).getDate() : row.message.id));

it("puts a separator before the first message of each day, and no other", () => {
  expect(
    rowsOf(
      message("a", "alice", at(1, 23, 59)),
      message("b", "alice", at(2, 0)),
      message("c", "bob", at(2, 9)),
      message("d", "bob", at(4, 9)),
    ),
  ).toEqual([1, "a", 2, "b", "c", 4, "d"]);
  expect(rowsOf()).toEqual([]);
});

it("continues the message above of the same person, within five minutes of the same day", () => {
  const rows = toMessageRows([
    message("first", "alice", at(1, 10, 0)),
    message("soon after", "alice", at(1, 10, 4)),
    message("a while later", "alice", at(1, 10, 10)),
    message("another person", "bob", at(1, 10, 11)),
    message("before midnight", "bob", at(1, 23, 59)),
    message("after midnight", "bob", at(2, 0, 1)),
  ]);
  const continued = rows.flatMap((row) => (row.kind === "message" && row.continues ? [row.message.id] : []));
  expect(continued).toEqual(["soon after"]);
});

it("names days as people do, in both languages", () => {
  const now = at(10, 12).getTime();
  const en = { locale: "en", texts: { today: "Today", yesterday: "Yesterday" } } as const;
  const fr = { locale: "fr", texts: { today: "Aujourd’hui", yesterday: "Hier" } } as const;
  const days = [at(10, 0), at(9, 23), at(3, 8), new Date(2025, 11, 31)].map(Number);
  expect(days.map((day) => formatDay(day, now, en))).toEqual([
    "Today",
    "Yesterday",
    "Tuesday 3 March",
    expect.stringMatching(/^Wednesday,? 31 December 2025$/),
  ]);
  expect(days.map((day) => formatDay(day, now, fr))).toEqual([
    "Aujourd’hui",
    "Hier",
    "mardi 3 mars",
    "mercredi 31 décembre 2025",
  ]);
});

it("gives the time alone today, and the day with it otherwise", () => {
  const now = at(10, 12).getTime();
  const shown = [at(10, 9, 5), at(9, 9, 5), at(1, 9, 5)].map((time) => formatShortly(+time, now, "en"));
  expect(shown).toEqual(["09:05", "Mon 09:05", "1 Mar 09:05"]);
  expect(formatShortly(+at(1, 9, 5), now, "fr")).toBe("1 mars 09:05");
});
