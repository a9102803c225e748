import { execFile } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { cacheDirectory, directoryOnce } from "../src/servers/cache.ts";
import { programsFromDebian } from "../src/servers/debian-programs.ts";
import { freePort } from "../src/servers/free-port.ts";
import { runServer } from "./run-server.ts";

const run = promisify(execFile);
const PROGRAMS = ["promtool", "prometheus"] as const;

/** Paths of the programs. */
export type PrometheusPrograms = Record<(typeof PROGRAMS)[number], string>;

/**
 * Prometheus and its tool: those of the system, else of the cache, else of Debian's package unpacked into the cache;
 * or why they cannot be had. Nothing is installed into the system.
 */
export async function findPrometheus(): Promise<PrometheusPrograms | { missing: string }> {
  const folder = join(cacheDirectory(), `prometheus-${process.platform}-${process.arch}`);
  const inSystem = { promtool: "promtool", prometheus: "prometheus" };
  const inCache = { promtool: join(folder, "promtool"), prometheus: join(folder, "prometheus") };
  if (await runs(inSystem)) return inSystem;
  try {
    await directoryOnce(folder, (scratch) => programsFromDebian("prometheus", PROGRAMS, scratch));
    return (await runs(inCache)) ? inCache : { missing: `${folder}: the programs do not run` };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

const runs = ({ promtool, prometheus }: PrometheusPrograms): Promise<boolean> =>
  Promise.all([promtool, prometheus].map((program) => run(program, ["--version"]))).then(
    () => true,
    () => false,
  );

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

/** A Prometheus that asks these addresses (`host:port`, by job) every second, and evaluates the rules as often. */
export async function startPrometheus(
  { prometheus }: PrometheusPrograms,
  { targets, rules }: { targets: Record<string, string[]>; rules: string },
): Promise<TestPrometheus> {
  const directory = await mkdtemp(join(tmpdir(), "meeshy-prometheus-"));
  const config = join(directory, "prometheus.yml");
  const jobs = Object.entries(targets).map(([job, of]) => ({
    job_name: job,
    static_configs: [{ targets: of }],
  }));
  const every = { scrape_interval: "1s", evaluation_interval: "1s" };
  // JSON is YAML.
  await writeFile(config, JSON.stringify({ global: every, rule_files: [rules], scrape_configs: jobs }));
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
