import { expect, test } from "vitest";
import { parseOptions } from "../launcher/options.ts";

const DEFAULTS = {
  port: 8000,
  gateways: 1,
  workers: 1,
  sweepers: 1,
  gatewayProcesses: 1,
  dataDir: ".data",
  seed: true,
  web: true,
};

test("without options the contract's defaults hold", () => {
  expect(parseOptions([])).toEqual({ kind: "run", options: DEFAULTS });
});

test("every option is read, with a space or an equals sign", () => {
  const args = [
    "--port",
    "9000",
    "--gateways=3",
    "--workers",
    "2",
    "--sweepers=2",
    "--gateway-processes",
    "4",
  ];
  expect(parseOptions([...args, "--data-dir", "/tmp/x", "--no-seed", "--no-web"])).toEqual({
    kind: "run",
    options: {
      ...{ port: 9000, gateways: 3, workers: 2, sweepers: 2, gatewayProcesses: 4 },
      ...{ dataDir: "/tmp/x", seed: false, web: false },
    },
  });
});

test("all faults are reported at once, each with its option and what is allowed", () => {
  const args = [
    "--port",
    "70000",
    "--gateways",
    "none",
    "--wrokers",
    "2",
    "--no-seed=yes",
    "--data-dir=",
    "stray",
  ];
  const parsed = parseOptions(args);
  expect(parsed).toEqual({
    kind: "faults",
    faults: expect.arrayContaining([
      "--port 70000: must be a whole number from 1 to 65535",
      "--gateways none: must be a whole number from 1 to 64",
      "--wrokers: there is no such option",
      "--no-seed=yes: takes no value",
      "--data-dir: a directory must follow",
      "stray: not an option",
    ]),
  });
});

test.each([["0"], ["-1"], ["1.5"], ["1e1"], [""]])("%j is no number of gateways", (value) => {
  expect(parseOptions([`--gateways=${value}`]).kind).toBe("faults");
});

test("an option whose value is missing is a fault", () => {
  expect(parseOptions(["--port"])).toMatchObject({ kind: "faults" });
  expect(parseOptions(["--data-dir"])).toMatchObject({ kind: "faults" });
});

test("the ports of all gateways must exist", () => {
  expect(parseOptions(["--port", "65534", "--gateways", "2"]).kind).toBe("run");
  expect(parseOptions(["--port", "65534", "--gateways", "3"])).toMatchObject({ kind: "faults" });
});

test.each([["--help"], ["-h"]])("%s asks for help, whatever else is wrong", (flag) => {
  expect(parseOptions(["--port", "x", flag])).toEqual({ kind: "help" });
});
