import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ROOT } from "../launcher/root.ts";

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

const rulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.union([
          z.object({
            alert: z.string(),
            expr: z.string(),
            labels: z.object({ severity: z.enum(["critical", "warning"]) }),
            annotations: z.object({ summary: z.string(), runbook_url: z.string() }),
          }),
          z.object({ record: z.string(), expr: z.string() }),
        ]),
      ),
    }),
  ),
});
const testsSchema = z.object({
  tests: z.array(
    z.object({
      alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })),
    }),
  ),
});

const alerts = rulesSchema
  .parse(parse(read("ops/prometheus/rules.yml")))
  .groups.flatMap(({ rules }) => rules.flatMap((rule) => ("alert" in rule ? [rule] : [])));
const names = alerts.map(({ alert }) => alert);

describe("the alerts", () => {
  it("have a name of their own each, and link the section of the runbook that is about them", () => {
    expect(new Set(names).size).toBe(names.length);
    for (const { alert, annotations } of alerts)
      expect(annotations.runbook_url).toBe(`docs/OPERATIONS.md#${alert.toLowerCase()}`);
  });

  it("have a section each in the runbook, in their order, which has no others", () => {
    const [, runbook = ""] = read("docs/OPERATIONS.md").split("\n## Runbook\n");
    const sections = [...runbook.matchAll(/^### (\w+)\n([\s\S]*?)(?=^### |$(?![\s\S]))/gm)];
    expect(sections.map(([, name]) => name)).toEqual(names);
    for (const [, name, text] of sections)
      for (const part of ["**Means.** ", "**Look.** ", "**Do.**"]) expect(text, name).toContain(part);
  });

  it("links of the runbook lead to a section", () => {
    const text = read("docs/OPERATIONS.md");
    const anchors = new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => title.toLowerCase()));
    for (const [, anchor = ""] of text.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(anchor);
  });

  it("are each shown to fire, and to stay silent, by tests for promtool", () => {
    const cases = globSync("ops/prometheus/tests/*.yml", { cwd: ROOT })
      .flatMap((path) => testsSchema.parse(parse(read(path))).tests)
      .flatMap((test) => test.alert_rule_test);
    const whose = (isFiring: boolean) =>
      new Set(
        cases
          .filter(({ exp_alerts }) => exp_alerts.length > 0 === isFiring)
          .map(({ alertname }) => alertname),
      );
    expect(names.filter((name) => !whose(true).has(name))).toEqual([]);
    expect(names.filter((name) => !whose(false).has(name))).toEqual([]);
  });

  it("use metrics that a service has", () => {
    const sources = globSync("{shared,gateway,presence-worker,sweeper}/src/**/*.ts", { cwd: ROOT })
      .map(read)
      .join("\n");
    const rules = read("ops/prometheus/rules.yml");
    const used = new Set(
      [...rules.matchAll(/\bmeeshy_(\w+?)(?:_bucket|_count)?\b(?=[\s{[)])/g)].map(([, name]) => name),
    );
    expect(used.size).toBeGreaterThan(25);
    for (const name of used) expect(sources, name).toMatch(new RegExp(`["}]${name}["\`]`));
  });
});
