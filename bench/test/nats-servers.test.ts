import { expect, test } from "vitest";
import { namesOf } from "../systems/nats-servers.ts";

test("programs of one version keep apart in a table", () => {
  expect(namesOf(["2.9.10", "2.12.1", "2.9.10"])).toEqual([
    "nats-server 2.9.10",
    "nats-server 2.12.1",
    "nats-server 2.9.10, no. 2",
  ]);
});
