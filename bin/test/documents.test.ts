import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CLIENT_EVENTS, SERVER_EVENTS } from "@meeshy/shared/event-names";
import { parseEnv, presenceEnv } from "@meeshy/shared/runtime/env";
import { LIFECYCLE_STATES } from "@meeshy/shared/status";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { gatewayEnv } from "../../gateway/src/config.ts";
import { getUserStatus, STATUS_COLORS } from "../../web/presence/status.ts";
import { ROOT } from "../launcher/root.ts";

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const PAGES = ["README.md", "CONTRIBUTING.md", ...globSync("docs/*.md", { cwd: ROOT })];

/** As GitHub makes the name of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");

const anchorsOf = (file: string) =>
  [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));

test("every link between documents leads somewhere, and to a heading that is there", () => {
  const broken = PAGES.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)/g)].flatMap(
      ([whole, path = "", anchor]) => {
        const target = path === "" ? page : join(dirname(page), path);
        if (!existsSync(join(ROOT, target))) return [`${page}: ${whole}`];
        const isLost =
          anchor !== undefined && target.endsWith(".md") && !anchorsOf(target).includes(anchor.slice(1));
        return isLost ? [`${page}: ${whole}`] : [];
      },
    ),
  );
  expect(broken).toEqual([]);
});

test("the index leads to every document", () => {
  const index = read("docs/INDEX.md");
  const missing = globSync("docs/*.md", { cwd: ROOT }).filter(
    (page) => page !== "docs/INDEX.md" && !index.includes(`(${page.slice("docs/".length)})`),
  );
  expect(missing).toEqual([]);
});

/** First cells of the rows below a heading, without their quotes; a cell may name several. */
function namesBelow(page: string, heading: string): string[] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  return [...(section.split("\n## ")[0] ?? "").matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  );
}

describe("the quick reference in French", () => {
  const page = read("docs/REFERENCE-RAPIDE.md");

  test("names every event, and no other", () => {
    expect(namesBelow(page, "Événements du serveur").sort()).toEqual(Object.values(SERVER_EVENTS).sort());
    expect(namesBelow(page, "Événements du client").sort()).toEqual(Object.values(CLIENT_EVENTS).sort());
  });

  test("names the states of a person", () => {
    expect(namesBelow(page, "Les trois états").sort()).toEqual([...LIFECYCLE_STATES].sort());
  });

  test("gives the defaults that the services have", () => {
    const required = { DATABASE_URL: "postgresql://127.0.0.1/p", JWT_SECRET: "x".repeat(32) };
    const known = z.record(z.string(), z.unknown());
    const defaults = {
      ...known.parse(parseEnv(presenceEnv, {})),
      ...known.parse(parseEnv(gatewayEnv, required)),
    };
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)];
    expect(rows.length).toBeGreaterThan(8);
    for (const [, name = "", value] of rows) expect(`${name} ${defaults[name]}`).toBe(`${name} ${value}`);
  });

  test("gives the colours and labels of the client", () => {
    for (const color of Object.values(STATUS_COLORS)) expect(page).toContain(`\`${color}\``);
    const now = Date.parse("2026-01-01T00:00:00Z");
    const labelAfter = (minutes: number) =>
      getUserStatus({ lastActiveAt: new Date(now - minutes * 60_000).toISOString() }, now, {
        live: false,
        locale: "fr",
      }).label;
    for (const minutes of [1, 10, 60]) expect(page).toContain(`| ${labelAfter(minutes)} |`);
  });
});

test("the page on compatibility names only events, variables and metrics that there are", () => {
  const page = read("docs/COMPATIBILITY.md");
  const contract = read("docs/CONTRACT.md");
  const here = [...page.matchAll(/^\| [^|]* \| ([^|]*) \|/gm)].map(([, cell = ""]) => cell).join("\n");
  const names = [...here.matchAll(/`([A-Z][A-Z_]+_[A-Z_]+|presence[.:][a-z]+|user:status)`/g)].map(
    ([, name = ""]) => name,
  );
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !contract.includes(name))).toEqual([]);
});
