import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const LOGGER = new URL("../../src/runtime/logger.ts", import.meta.url).href;

/** The lines that a process logs, in which `logger` is one at level info. */
async function linesOf(script: string): Promise<{ level: number; msg: string; n?: number }[]> {
  const source = `import { createLogger } from "${LOGGER}"; const logger = createLogger("x", "info"); ${script}`;
  const args = ["--input-type=module", "-e", source];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

it("a warning that is repeated passes ten times in a minute, whichever child logs it; other texts go on", async () => {
  const lines = await linesOf(`
    const child = logger.child({ partition: 1 });
    for (let n = 0; n < 1000; n++) (n % 2 ? logger : child).warn({ n }, "NATS is away");
    logger.error(new Error("boom"));
    logger.error("NATS is away");`);
  expect(lines.filter(({ msg, level }) => msg === "NATS is away" && level === 40).map(({ n }) => n)).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
  ]);
  expect(lines.slice(10).map(({ msg }) => msg)).toEqual(["boom", "NATS is away"]);
});

it("what belongs to ordinary life has room for a storm of it, and no more", async () => {
  const lines = await linesOf(`for (let n = 0; n < 5_000; n++) logger.info({ n }, "transition");
    for (let n = 0; n < 50; n++) logger.fatal({ n }, "transition");`);
  expect(lines.filter(({ level }) => level === 30)).toHaveLength(1_000);
  expect(lines.filter(({ level }) => level === 60)).toHaveLength(50);
});
