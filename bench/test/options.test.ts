import { expect, test } from "vitest";
import { SCENARIOS, select } from "../catalogue.ts";
import { parseOptions } from "../options.ts";

test("without options everything runs twice, into a file of its own", () => {
  expect(parseOptions([])).toEqual({ only: [], rounds: 2, gatewayProcesses: 1, json: null });
  expect(
    parseOptions([
      "--only",
      "connect, worker",
      "--rounds",
      "3",
      "--gateway-processes",
      "2",
      "--json",
      "x.json",
    ]),
  ).toEqual({
    only: ["connect", "worker"],
    rounds: 3,
    gatewayProcesses: 2,
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
  expect(select(SCENARIOS, ["million"]).map(({ name }) => name)).toEqual(["million"]);
  expect(() => select(SCENARIOS, ["nothing"])).toThrow("no scenario");
});
