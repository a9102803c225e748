import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { faultsIn } from "@meeshy/shared/runtime/env";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { gatewayEnv } from "../../gateway/src/config.ts";
import { workerEnv } from "../../presence-worker/src/config.ts";
import { sweeperEnv } from "../../sweeper/src/config.ts";
import { ROOT } from "../launcher/root.ts";

/** The parts of Kubernetes' objects that are looked at; strict where a misspelt name would be ignored by accident. */
const labels = z.record(z.string(), z.string());
const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.string(), port: z.string() }),
  periodSeconds: z.number(),
  timeoutSeconds: z.number().optional(),
  failureThreshold: z.number().optional(),
});
const container = z.strictObject({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  envFrom: z.array(z.strictObject({ configMapRef: z.strictObject({ name: z.string() }) })).optional(),
  env: z.array(
    z.strictObject({ name: z.string(), value: z.string().optional(), valueFrom: z.unknown().optional() }),
  ),
  ports: z.array(z.strictObject({ name: z.string(), containerPort: z.number() })).default([]),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  startupProbe: probe.optional(),
  lifecycle: z
    .strictObject({ preStop: z.strictObject({ exec: z.strictObject({ command: z.array(z.string()) }) }) })
    .optional(),
  resources: z.strictObject({
    requests: z.strictObject({ cpu: z.string(), memory: z.string() }),
    limits: z.strictObject({ memory: z.string() }),
  }),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal("ALL")]) }),
  }),
  volumeMounts: z.array(z.strictObject({ name: z.string(), mountPath: z.string() })).default([]),
});
const pod = z.object({
  automountServiceAccountToken: z.literal(false),
  terminationGracePeriodSeconds: z.number().default(30),
  securityContext: z.object({ runAsNonRoot: z.literal(true), runAsUser: z.literal(1000) }),
  containers: z.array(container).length(1),
  volumes: z.array(z.object({ name: z.string() })).default([]),
});
const workload = z.object({
  kind: z.enum(["Deployment", "StatefulSet", "Job"]),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    replicas: z.number().optional(),
    selector: z.object({ matchLabels: labels }).optional(),
    template: z.object({ metadata: z.object({ labels }), spec: pod }),
    volumeClaimTemplates: z.array(z.object({ metadata: z.object({ name: z.string() }) })).default([]),
  }),
});
const object = z.object({ kind: z.string(), metadata: z.object({ name: z.string() }) });

const FOLDER = join(ROOT, "ops/k8s");
const read = (file: string) => readFileSync(join(FOLDER, file), "utf8");
const { resources } = z.object({ resources: z.array(z.string()) }).parse(parse(read("kustomization.yaml")));
const documents = resources.flatMap((file) =>
  parseAllDocuments(read(file)).map((one): unknown => one.toJS()),
);
const objects = documents.map((one) => ({ ...object.parse(one), whole: one }));
const workloads = objects
  .filter(({ kind }) => ["Deployment", "StatefulSet", "Job"].includes(kind))
  .map(({ whole }) => workload.parse(whole));
const ofKind = (kind: string) => objects.filter((one) => one.kind === kind);

test("every file of the folder is part of it", () => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".yaml") && file !== "kustomization.yaml");
  expect([...resources].sort()).toEqual(files.sort());
});

describe.each(workloads.map((one) => [one.metadata.name, one] as const))("%s", (_, { kind, spec }) => {
  const { containers, volumes, terminationGracePeriodSeconds } = spec.template.spec;

  test("is selected by its own labels", () => {
    if (kind !== "Job")
      expect(spec.template.metadata.labels).toMatchObject(spec.selector?.matchLabels ?? { none: "" });
  });

  test("mounts only volumes that it has, and is probed on ports that it has", () => {
    const names = [
      ...volumes.map(({ name }) => name),
      ...spec.volumeClaimTemplates.map(({ metadata }) => metadata.name),
    ];
    for (const { ports, volumeMounts, livenessProbe, readinessProbe, startupProbe } of containers) {
      for (const { name } of volumeMounts) expect(names).toContain(name);
      for (const one of [livenessProbe, readinessProbe, startupProbe])
        if (one) expect(ports.map(({ name }) => name)).toContain(one.httpGet.port);
    }
  });

  test("runs a program that there is, and is given the time to stop", () => {
    for (const { command, lifecycle } of containers) {
      const [, program] = command ?? [];
      if (program) expect(existsSync(join(ROOT, program))).toBe(true);
      const waits = Number(lifecycle?.preStop.exec.command[1] ?? 0);
      // What takes longer than eight seconds to stop is cut off by the process itself.
      expect(terminationGracePeriodSeconds).toBeGreaterThan(waits + 8);
    }
  });
});

const SCHEMAS = { gateway: gatewayEnv, "presence-worker": workerEnv, sweeper: sweeperEnv };

test.each(Object.entries(SCHEMAS))("%s accepts its variables", (name, schema) => {
  const settings = z
    .object({ data: labels })
    .parse(ofKind("ConfigMap").find(({ metadata }) => metadata.name === "presence-settings")?.whole);
  const own =
    workloads.find(({ metadata }) => metadata.name === name)?.spec.template.spec.containers[0]?.env ?? [];
  const secrets: Record<string, string> = {
    DATABASE_URL: "postgresql://db/presence",
    JWT_SECRET: "x".repeat(32),
    NATS_PASSWORD: "secret",
  };
  const variables = {
    ...settings.data,
    ...Object.fromEntries(own.map((one) => [one.name, one.value ?? secrets[one.name]])),
  };

  expect(faultsIn(schema, variables)).toEqual([]);
  expect(variables).toMatchObject({ NATS_USER: name === "presence-worker" ? "worker" : name });
});

test("gateways, workers, sweepers and nats-servers are never all taken away at once", () => {
  const budgets = z.array(
    z.object({
      spec: z.object({ maxUnavailable: z.literal(1), selector: z.object({ matchLabels: labels }) }),
    }),
  );
  const covered = budgets
    .parse(ofKind("PodDisruptionBudget").map(({ whole }) => whole))
    .map(({ spec }) => spec.selector.matchLabels["app.kubernetes.io/name"]);
  const lasting = workloads.filter(({ kind }) => kind !== "Job");

  expect(covered.sort()).toEqual(lasting.map(({ metadata }) => metadata.name).sort());
  for (const { spec } of lasting) expect(spec.replicas).toBeGreaterThan(1);
});

test("the balancer keeps a session of polling at one gateway", () => {
  const annotations = z
    .object({ metadata: z.object({ annotations: labels }) })
    .parse(ofKind("Ingress")[0]?.whole);
  expect(annotations.metadata.annotations).toMatchObject({
    "nginx.ingress.kubernetes.io/affinity": "cookie",
  });
});

test("Prometheus looks at each service, under the job's name that alerts know", () => {
  const monitors = parseAllDocuments(read("monitoring/pod-monitors.yaml")).map((one) =>
    z
      .object({
        spec: z.object({
          selector: z.object({ matchLabels: labels }),
          podMetricsEndpoints: z.tuple([
            z.object({
              port: z.literal("ops"),
              relabelings: z.tuple([z.object({ targetLabel: z.literal("job"), replacement: z.string() })]),
            }),
          ]),
        }),
      })
      .parse(one.toJS()),
  );
  const jobs = monitors.map(({ spec }) => [
    spec.selector.matchLabels["app.kubernetes.io/name"],
    spec.podMetricsEndpoints[0].relabelings[0].replacement,
  ]);

  expect(jobs).toEqual([
    ["gateway", "meeshy-gateway"],
    ["presence-worker", "meeshy-worker"],
    ["sweeper", "meeshy-sweeper"],
  ]);
});
