import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { findAlertmanager } from "@meeshy/shared/testing/alertmanager";
import { findPrometheus } from "@meeshy/shared/testing/prometheus";
import { expect, test } from "vitest";
import { ROOT } from "../launcher/root.ts";

const run = promisify(execFile);
const found = await findPrometheus();
const promtool = "missing" in found ? "" : found.promtool;
const why = "missing" in found ? ` (skipped: no promtool: ${found.missing.split("\n")[0]})` : "";
const cwd = join(ROOT, "ops/prometheus");

test.skipIf(why)(`promtool accepts the rules and the configuration${why}`, async () => {
  const { stdout } = await run(promtool, ["check", "rules", "rules.yml"], { cwd });
  expect(stdout).toContain("SUCCESS");
  expect((await run(promtool, ["check", "config", "prometheus.yml"], { cwd })).stdout).toContain("SUCCESS");
});

const files = globSync("tests/*.yml", { cwd }).sort();
test.skipIf(why).each(files)(`alerts fire and stay silent as %s says${why}`, async (file) => {
  const { stdout } = await run(promtool, ["test", "rules", file], { cwd });
  expect(stdout).toContain("SUCCESS");
});

const alertmanager = await findAlertmanager();
const noAmtool =
  "missing" in alertmanager ? ` (skipped: no amtool: ${alertmanager.missing.split("\n")[0]})` : "";
const amtool = "missing" in alertmanager ? "" : alertmanager.amtool;
const routing = join(ROOT, "ops/observability/alertmanager.yml");

test.skipIf(noAmtool)(`amtool accepts Alertmanager's configuration${noAmtool}`, async () => {
  expect((await run(amtool, ["check-config", routing])).stdout).toContain("SUCCESS");
});
