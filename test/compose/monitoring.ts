import { eventually } from "@meeshy/shared/testing/eventually";
import { z } from "zod";

/** Two scrapes of 15 s, and two looks at names of 10 s, on a busy machine. */
const FOUND_WITHIN_MS = 120_000;

const targetsSchema = z.object({
  data: z.object({
    activeTargets: z.array(
      z.object({ labels: z.looseObject({ job: z.string() }), health: z.string(), lastError: z.string() }),
    ),
  }),
});
const alertmanagersSchema = z.object({ data: z.object({ activeAlertmanagers: z.array(z.unknown()) }) });
const rulesSchema = z.object({
  data: z.object({
    groups: z.array(z.object({ rules: z.array(z.object({ type: z.string(), health: z.string() })) })),
  }),
});

async function ask<Answer>(url: string, schema: z.ZodType<Answer>): Promise<Answer> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return schema.parse(await answer.json());
}

/** Waits until the profile's Prometheus reaches so many processes of each job, and no others. */
export async function untilScraped(prometheus: string, counts: Record<string, number>): Promise<void> {
  const wanted = JSON.stringify(Object.entries(counts).sort());
  let seen = "nothing";
  const isRight = async () => {
    const { data } = await ask(`${prometheus}/api/v1/targets?state=active`, targetsSchema);
    const up = Map.groupBy(
      data.activeTargets.filter(({ health }) => health === "up"),
      ({ labels }) => labels.job,
    );
    seen = JSON.stringify([...up].map(([job, of]) => [job, of.length]).sort());
    return seen === wanted && data.activeTargets.every(({ health }) => health === "up");
  };
  await eventually(isRight, { within: FOUND_WITHIN_MS, every: 1_000, what: wanted }).catch((error) => {
    throw new Error(`${error.message}; Prometheus reaches ${seen}`);
  });
}

/** Waits until the profile's Prometheus has evaluated each rule, and knows the Alertmanager, which is ready. */
export async function untilAlerting(prometheus: string, alertmanager: string): Promise<number> {
  let alerts = 0;
  const isRight = async () => {
    const { data } = await ask(`${prometheus}/api/v1/rules`, rulesSchema);
    const rules = data.groups.flatMap((group) => group.rules);
    alerts = rules.filter(({ type }) => type === "alerting").length;
    const known = await ask(`${prometheus}/api/v1/alertmanagers`, alertmanagersSchema);
    const isReady = (await fetch(`${alertmanager}/-/ready`)).ok;
    return (
      isReady &&
      known.data.activeAlertmanagers.length === 1 &&
      alerts > 0 &&
      rules.every(({ health }) => health === "ok")
    );
  };
  await eventually(isRight, { within: FOUND_WITHIN_MS, every: 1_000, what: "every rule evaluated" });
  return alerts;
}
