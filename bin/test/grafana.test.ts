import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ROOT } from "../launcher/root.ts";

/**
 * What is provisioned for Grafana, against the fields that its documents name ("Provision Grafana", "Dashboard JSON
 * model"): strictly, since Grafana ignores a misspelt field. Grafana itself is not run by the project's tests.
 */

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

const datasourcesSchema = z.strictObject({
  apiVersion: z.literal(1),
  datasources: z.array(
    z.strictObject({
      name: z.string(),
      type: z.literal("prometheus"),
      access: z.enum(["proxy", "direct"]),
      orgId: z.int().optional(),
      uid: z.string().max(40).optional(),
      url: z.url(),
      isDefault: z.boolean().optional(),
      editable: z.boolean().optional(),
      version: z.int().optional(),
      jsonData: z.strictObject({
        timeInterval: z.string(),
        httpMethod: z.enum(["GET", "POST"]).optional(),
        manageAlerts: z.boolean().optional(),
      }),
    }),
  ),
});
const providersSchema = z.strictObject({
  apiVersion: z.literal(1),
  providers: z.array(
    z.strictObject({
      name: z.string(),
      orgId: z.int().optional(),
      folder: z.string().optional(),
      folderUid: z.string().optional(),
      type: z.literal("file"),
      disableDeletion: z.boolean().optional(),
      updateIntervalSeconds: z.int().optional(),
      allowUiUpdates: z.boolean().optional(),
      options: z.strictObject({ path: z.string(), foldersFromFilesStructure: z.boolean().optional() }),
    }),
  ),
});

const panelSchema = z.strictObject({
  id: z.int().positive(),
  title: z.string().min(1),
  description: z.string().optional(),
  type: z.enum(["stat", "timeseries"]),
  gridPos: z.strictObject({
    x: z.int().min(0).max(23),
    y: z.int().min(0),
    w: z.int().min(1).max(24),
    h: z.int().min(1),
  }),
  datasource: z.strictObject({ type: z.literal("prometheus"), uid: z.literal(`\${datasource}`) }),
  fieldConfig: z.strictObject({
    defaults: z.strictObject({
      unit: z.enum(["bytes", "ops", "percentunit", "s", "short"]),
      min: z.number().optional(),
    }),
    overrides: z.tuple([]),
  }),
  targets: z
    .array(
      z.strictObject({
        refId: z.string().regex(/^[A-Z]$/),
        expr: z.string(),
        legendFormat: z.string().optional(),
      }),
    )
    .min(1),
});
const dashboardSchema = z.strictObject({
  uid: z.string().min(8).max(40),
  title: z.string().min(1),
  tags: z.array(z.string()),
  timezone: z.enum(["browser", "utc"]),
  editable: z.boolean(),
  // Grafana brings an older one up to its own.
  schemaVersion: z.int().min(36).max(41),
  version: z.int(),
  refresh: z.string().regex(/^\d+[smh]$/),
  time: z.strictObject({ from: z.string().regex(/^now-\d+[mhd]$/), to: z.literal("now") }),
  links: z.array(
    z.strictObject({
      type: z.literal("dashboards"),
      tags: z.array(z.string()),
      title: z.string(),
      asDropdown: z.boolean(),
      includeVars: z.boolean(),
      keepTime: z.boolean(),
    }),
  ),
  templating: z.strictObject({
    list: z.array(
      z.strictObject({
        name: z.string(),
        label: z.string(),
        type: z.literal("datasource"),
        query: z.literal("prometheus"),
      }),
    ),
  }),
  panels: z.array(panelSchema).min(1),
});

const composeSchema = z.object({
  services: z.object({ grafana: z.object({ volumes: z.array(z.string()) }), prometheus: z.object({}) }),
});
const mounts = composeSchema
  .parse(parse(read("docker-compose.yml")))
  .services.grafana.volumes.map((mount) => mount.split(":"));
/** Where the container of docker-compose.yml has a directory of the checkout. */
const inContainer = (path: string) => mounts.find(([from]) => from === `./${path}`)?.[1];

const files = globSync("ops/grafana/dashboards/*.json", { cwd: ROOT }).sort();
const dashboardOf = (file: string) => dashboardSchema.parse(JSON.parse(read(file)));

test("Grafana asks the Prometheus of docker-compose.yml, as often as that one scrapes", () => {
  const { datasources } = datasourcesSchema.parse(
    parse(read("ops/grafana/provisioning/datasources/prometheus.yml")),
  );
  expect(datasources).toHaveLength(1);
  expect(datasources[0]).toMatchObject({ url: "http://prometheus:9090", isDefault: true });
  const scrape = z.object({ global: z.object({ scrape_interval: z.string() }) });
  const { global } = scrape.parse(parse(read("ops/observability/prometheus.yml")));
  expect(datasources[0]?.jsonData.timeInterval).toBe(global.scrape_interval);
});

test("Grafana looks for dashboards and provisioning where docker-compose.yml mounts them", () => {
  const { providers } = providersSchema.parse(parse(read("ops/grafana/provisioning/dashboards/meeshy.yml")));
  expect(providers.map(({ options }) => options.path)).toEqual([inContainer("ops/grafana/dashboards")]);
  expect(inContainer("ops/grafana/provisioning")).toBe("/etc/grafana/provisioning");
});

test.each(files)("%s has the fields of a dashboard and no others", (file) => {
  const { panels, templating } = dashboardOf(file);
  expect(templating.list.map(({ name }) => name)).toContain("datasource");
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const { targets } of panels)
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
});

test.each(files)("no panel of %s lies over another, or beyond the 24 columns", (file) => {
  const cells = dashboardOf(file).panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    expect(x + w).toBeLessThanOrEqual(24);
    return Array.from({ length: w * h }, (_, n) => `${x + (n % w)} ${y + Math.floor(n / w)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
});

test("dashboards have names and ids of their own", () => {
  const dashboards = files.map(dashboardOf);
  expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(files.length);
  expect(new Set(dashboards.map(({ title }) => title)).size).toBe(files.length);
});
