import { expect, test } from "vitest";
import { planLoadUsers } from "../load/people.ts";
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

test("load users share a conversation with nine others", () => {
  const users = planLoadUsers(25);
  const rooms = Map.groupBy(users, ({ conversationId }) => conversationId);
  expect([...rooms.values()].map(({ length }) => length)).toEqual([10, 10, 5]);
});
