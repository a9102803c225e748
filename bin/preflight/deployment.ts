import { z } from "zod";

/** What is looked at in a deployment that runs: addresses of its gateways, and the Prometheus that watches it. */
interface Deployment {
  gateways: readonly string[];
  prometheus?: string | undefined;
}

/** A line of docs/PRE-DEPLOYMENT.md about a deployment that runs. `fault`: what is wrong, or nothing. */
interface DeploymentLine {
  id: string;
  fault(deployment: Deployment): Promise<string | undefined>;
}

const WITHIN_MS = 5_000;
const KINDS = ["meeshy-gateway", "meeshy-worker", "meeshy-sweeper"];

const readySchema = z.object({ reasons: z.array(z.string()).default([]) });
const rulesSchema = z.object({
  data: z.object({ groups: z.array(z.object({ rules: z.array(z.object({ name: z.string() })) })) }),
});
const targetsSchema = z.object({
  data: z.object({
    activeTargets: z.array(z.object({ health: z.string(), labels: z.record(z.string(), z.string()) })),
  }),
});

async function read<T>(url: string, schema: z.ZodType<T>): Promise<T> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(WITHIN_MS) });
  return schema.parse(await answer.json());
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

export const DEPLOYMENT_LINES: readonly DeploymentLine[] = [
  {
    id: "ready",
    async fault({ gateways }) {
      if (gateways.length === 0) return "no --gateway given: name each, to ask it whether it is ready";
      const faults: string[] = [];
      for (const gateway of gateways) {
        try {
          const { reasons } = await read(new URL("/health/ready", gateway).href, readySchema);
          if (reasons.length > 0) faults.push(`${gateway} is not ready: ${reasons.join(", ")}`);
        } catch (error) {
          faults.push(`${gateway} does not answer: ${reasonOf(error)}`);
        }
      }
      return faults.join("; ") || undefined;
    },
  },
  {
    id: "alerts",
    async fault({ prometheus }) {
      if (!prometheus) return "no --prometheus given: alerts are what tells you of faults";
      try {
        const { data } = await read(new URL("/api/v1/rules", prometheus).href, rulesSchema);
        const names = data.groups.flatMap(({ rules }) => rules.map(({ name }) => name));
        return names.includes("MeeshyStale")
          ? undefined
          : `${prometheus} has not loaded ops/prometheus/rules.yml`;
      } catch (error) {
        return `${prometheus} does not answer: ${reasonOf(error)}`;
      }
    },
  },
  {
    id: "metrics",
    async fault({ prometheus }) {
      if (!prometheus) return "no --prometheus given";
      try {
        const { data } = await read(new URL("/api/v1/targets", prometheus).href, targetsSchema);
        const up = data.activeTargets.filter(({ health }) => health === "up").map(({ labels }) => labels.job);
        const missing = KINDS.filter((kind) => !up.includes(kind));
        return missing.length > 0
          ? `${prometheus} reaches no process of the jobs ${missing.join(", ")}`
          : undefined;
      } catch (error) {
        return `${prometheus} does not answer: ${reasonOf(error)}`;
      }
    },
  },
];
