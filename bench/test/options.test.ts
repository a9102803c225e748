import { expect, test } from "vitest";
import { SCENARIOS, select } from "../catalogue.ts";
import { parseOptions } from "../options.ts";

test("without options everything runs three times, into a file of its own", () => {
  expect(parseOptions([])).toEqual({
    only: [],
    rounds: 3,
    gatewayProcesses: 1,
    natsServers: ["found", "newest"],
    json: null,
  });
  expect(
    parseOptions([
      "--only",
      "connect, worker",
      "--rounds",
      "5",
      "--gateway-processes",
      "2",
      "--nats-server",
      "/opt/nats-server, newest",
      "--json",
      "x.json",
    ]),
  ).toEqual({
    only: ["connect", "worker"],
    rounds: 5,
    gatewayProcesses: 2,
    natsServers: ["/opt/nats-server", "newest"],
    json: "x.json",
  });
  expect(parseOptions(["--help"])).toBeUndefined();
  expect(() => parseOptions(["--rounds", "0"])).toThrow("--rounds 0");
  for (const wrong of ["0", "-1", "1.5", "x"]) {
    expect(() => parseOptions([`--gateway-processes=${wrong}`])).toThrow(`--gateway-processes ${wrong}`);
  }
});

test("what stands apart runs only when it is named", () => {
  const names = select(SCENARIOS, []).map(({ name }) => name);
  expect(names).toContain("recovery");
  expect(names).not.toContain("million");
  expect(names).not.toContain("nats-versions");
  expect(select(SCENARIOS, ["million"]).map(({ name }) => name)).toEqual(["million"]);
  expect(() => select(SCENARIOS, ["nothing"])).toThrow("no scenario");
});
