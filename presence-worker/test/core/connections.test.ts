import { expect, it } from "vitest";
import { CONNECTIONS_MAX } from "../../src/core/connections.ts";
import { createTransition } from "../../src/core/transition.ts";
import { connected, logged, RULES, SECOND, T0 } from "./support/events.ts";
import { known } from "./support/lifecycle-table.ts";

it("a person with the most connections there may be loses the oldest to a new one, which is closed", () => {
  const connections = Array.from({ length: CONNECTIONS_MAX }, (_, at) => ({
    ...{ id: `c${at}`, gatewayId: "g1", device: null, since: T0 + at },
  }));
  const before = known({ state: "online", connections });
  const event = logged(connected("new", "g2"), 20, T0 + SECOND);
  const { record, effects } = createTransition(RULES)(before, event);
  expect(record.connections).toHaveLength(CONNECTIONS_MAX);
  expect(record.connections[0]?.id).toBe("c1");
  expect(record.connections.at(-1)?.id).toBe("new");
  expect(effects).toContainEqual({ type: "closeConnections", reason: "replaced", byGateway: { g1: ["c0"] } });
});

it("a person with more connections than are allowed loses the oldest ones to a new one", () => {
  const connections = ["a", "b", "c", "d"].map((id, at) => ({
    ...{ id, gatewayId: at < 2 ? "g1" : "g2", device: null, since: T0 + at },
  }));
  const before = known({ state: "online", connections });
  const transition = createTransition({ ...RULES, connectionsMax: 2 });
  const { record, effects } = transition(before, logged(connected("new", "g2"), 20, T0 + SECOND));
  expect(record.connections.map(({ id }) => id)).toEqual(["d", "new"]);
  const byGateway = { g1: ["a", "b"], g2: ["c"] };
  expect(effects).toContainEqual({ type: "closeConnections", reason: "replaced", byGateway });
  // An open one that is announced once more is no further one.
  const again = transition(record, logged(connected("d", "g3"), 21, T0 + 2 * SECOND));
  expect(again.record.connections.map(({ id }) => id)).toEqual(["d", "new"]);
});

it("each of a person's thousands of connections costs as much as there are others, not its square", () => {
  const transition = createTransition(RULES);
  const compared = { ids: 0 };
  const counted = (id: string, at: number) => ({
    gatewayId: "g1",
    device: null,
    since: T0 + at,
    get id() {
      compared.ids++;
      return id;
    },
  });
  const connections = Array.from({ length: 2_000 }, (_, at) => counted(`c${at}`, at));
  const before = known({ state: "online", connections });
  transition(before, logged(connected("new", "g2"), 20, T0 + SECOND));
  expect(compared.ids).toBeLessThan(20 * connections.length);
});
