import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { freePort } from "../src/servers/free-port.ts";
import { findPrograms } from "./found-programs.ts";
import { runServer } from "./run-server.ts";

const PROGRAMS = ["promtool", "prometheus"] as const;

/** Paths of the programs. */
export type PrometheusPrograms = Record<(typeof PROGRAMS)[number], string>;

/** Prometheus and its tool. */
export const findPrometheus = () => findPrograms("prometheus", PROGRAMS);

export interface TestPrometheus {
  /**
   * The values of an instant query.
   * @throws {Error} Prometheus refuses the expression
   */
  query(expr: string): Promise<number[]>;
  /** The values of a label in what an instant query gives. */
  labels(expr: string, label: string): Promise<string[]>;
  stop(): Promise<void>;
}

const answerSchema = z.object({
  data: z.object({
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
});

/**
 * A Prometheus that asks these addresses (`host:port`, by job) every second, evaluates the rules as often, and sends
 * alerts to `alertmanager` (`host:port`) if there is one.
 */
export async function startPrometheus(
  { prometheus }: PrometheusPrograms,
  {
    targets,
    rules,
    alertmanager,
  }: { targets: Record<string, string[]>; rules: string; alertmanager?: string },
): Promise<TestPrometheus> {
  const directory = await mkdtemp(join(tmpdir(), "meeshy-prometheus-"));
  const config = join(directory, "prometheus.yml");
  const jobs = Object.entries(targets).map(([job, of]) => ({
    job_name: job,
    static_configs: [{ targets: of }],
  }));
  const every = { scrape_interval: "1s", evaluation_interval: "1s" };
  const alerting = {
    alertmanagers: alertmanager ? [{ static_configs: [{ targets: [alertmanager] }] }] : [],
  };
  // JSON is YAML.
  await writeFile(
    config,
    JSON.stringify({ global: every, rule_files: [rules], alerting, scrape_configs: jobs }),
  );
  const url = `http://127.0.0.1:${await freePort()}`;
  const server = await runServer(
    {
      name: "prometheus",
      command: prometheus,
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(directory, "data")}`,
        `--web.listen-address=${new URL(url).host}`,
      ],
      cwd: directory,
      env: process.env,
      stopSignal: "SIGTERM",
      isReady: () =>
        fetch(`${url}/-/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
    },
    directory,
  );
  const ask = async (expr: string) => {
    const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expr })}`);
    if (!answer.ok) throw new Error(`${expr}: ${await answer.text()}`);
    return answerSchema.parse(await answer.json()).data.result;
  };
  return {
    query: async (expr) => (await ask(expr)).map(({ value }) => Number(value[1])),
    labels: async (expr, label) => (await ask(expr)).map(({ metric }) => metric[label] ?? ""),
    stop: () => server.stop(),
  };
}
