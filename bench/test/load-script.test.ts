import { expect, test } from "vitest";
import { isInTime } from "../load/changes-seen.ts";
import { everyone, planLoadPeople } from "../load/people.ts";
import { readPeople } from "../load/people-file.ts";
import { loadScript } from "../load/script.ts";

test("a thousand users send a hundred messages a second between them, and all must come through", () => {
  const script = loadScript({
    url: "http://127.0.0.1:8000",
    users: 1_000,
    broadcastsPerSecond: 100,
    holdSeconds: 60,
    peopleFile: "people.csv",
  });
  expect(script.scenarios[0]?.flow[0]).toMatchObject({ count: 9, loop: [{}, { think: 10 }] });
  expect(script.config.ensure).toEqual({
    thresholds: [{ "socketio.response_time.p95": 100 }],
    conditions: [{ expression: "vusers.completed == 1000" }, { expression: "vusers.failed == 0" }],
  });
});

test("load users share a conversation with nine others, and with the pairs that are measured", () => {
  const { users, pairs } = planLoadPeople("r", 25);
  const rooms = Map.groupBy(users, ({ conversationId }) => conversationId);
  expect([...rooms.values()].map(({ length }) => length)).toEqual([10, 10, 5]);
  for (const { comes, sees } of pairs) {
    expect(comes.conversationId).toBe(sees.conversationId);
    expect(rooms.has(comes.conversationId)).toBe(true);
  }
  const ids = everyone({ users, pairs }).map(({ userId }) => userId);
  expect(new Set(ids).size).toBe(25 + 20);
});

test("pairs are taken from a file where a conversation has others besides", () => {
  const lines = ["a1,a", "a2,a", "a3,a", "a4,a", "b1,b", "b2,b", ""].join("\n");
  const { users, pairs } = readPeople(lines);
  expect(pairs.map(({ comes, sees }) => [comes.token, sees.token])).toEqual([["a3", "a4"]]);
  expect(users.map(({ token }) => token)).toEqual(["a1", "a2", "b1", "b2"]);
  expect(() => readPeople("a1;a")).toThrow("line 1");
});

test("changes are in time when all were seen, and leaves within the promised time", () => {
  expect(isInTime({ comes: [500], leaves: [20, 30], missed: 0 })).toBe(true);
  expect(isInTime({ comes: [20], leaves: [20, 300], missed: 0 })).toBe(false);
  expect(isInTime({ comes: [20], leaves: [20], missed: 1 })).toBe(false);
  expect(isInTime({ comes: [], leaves: [], missed: 0 })).toBe(false);
});
