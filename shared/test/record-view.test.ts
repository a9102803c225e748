import { expect, test } from "vitest";
import { recordViewSchema } from "../src/record-view.ts";

const connection = { id: "c1", gatewayId: "g1", device: null, since: 1 };

test("of a record in a state of tomorrow's release the connections are read, and by them whether it is online", () => {
  expect(recordViewSchema.parse({ state: "asleep", connections: [connection] })).toMatchObject({
    state: "online",
    connections: [connection],
  });
  expect(recordViewSchema.parse({ state: "asleep", connections: [] }).state).toBe("offline");
  expect(recordViewSchema.parse({ state: "zombie", connections: [connection] }).state).toBe("zombie");
  expect(recordViewSchema.parse({ connections: [connection] }).state).toBe("offline");
});
