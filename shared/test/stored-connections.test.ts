import { expect, test } from "vitest";
import { storedConnectionsSchema } from "../src/stored-connections.ts";

const phone = { gatewayId: "g1", device: "phone", since: 1_000 };
const laptop = { gatewayId: "g2", device: null, since: 2_000 };

test("stored connections are read in their order", () => {
  const connections = [
    { id: "7", ...phone },
    { id: "__proto__", ...laptop },
    { id: "1", ...laptop },
  ];
  expect(storedConnectionsSchema.parse(JSON.parse(JSON.stringify(connections)))).toEqual(connections);
});

test("connections that an earlier version stored by id are read alike", () => {
  expect(storedConnectionsSchema.parse({ a: phone, b: laptop })).toEqual([
    { id: "a", ...phone },
    { id: "b", ...laptop },
  ]);
  expect(storedConnectionsSchema.parse({})).toEqual([]);
});

test.each([null, "a", [phone], { a: { gatewayId: "g1" } }])("%j is no list of connections", (stored) => {
  expect(storedConnectionsSchema.safeParse(stored).success).toBe(false);
});
