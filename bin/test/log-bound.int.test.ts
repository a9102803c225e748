import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, test } from "vitest";
import { createProcesses } from "../launcher/processes.ts";

const MB = 1_000_000;
/** Floods its output, then goes on with a line now and then, as a server that never ends. */
const CHATTER = `
  const { writeSync } = require("node:fs");
  for (let n = 0; n < 120; n++) writeSync(1, ("x".repeat(99) + "\\n").repeat(1000));
  setInterval(() => writeSync(1, "still here\\n"), 20);
`;

test.each(["servers", "gateways"] as const)(
  "the log of a process of the layer %s is bounded while it runs",
  async (layer) => {
    const dataDir = mkdtempSync(join(tmpdir(), "meeshy-log-bound-"));
    mkdirSync(join(dataDir, "logs"));
    const file = join(dataDir, "logs/chatter.log");
    const faults: string[] = [];
    const processes = createProcesses({
      dataDir,
      onReplaced: () => {},
      say: (line) => faults.push(line),
      print: () => {},
    });
    try {
      await processes.run(layer, {
        name: "chatter",
        command: process.execPath,
        args: ["-e", CHATTER],
        stopSignal: "SIGTERM",
        isReady: async () => true,
      });
      await eventually(() => existsSync(`${file}.1`) && readFileSync(file, "utf8").includes("still here"));
      expect(statSync(`${file}.1`).size).toBeGreaterThanOrEqual(10 * MB);
      expect(statSync(file).size).toBeLessThan(10 * MB);
      expect(faults).toEqual([]);
    } finally {
      await processes.stop();
      rmSync(dataDir, { recursive: true });
    }
  },
);
