import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "@meeshy/shared/testing/eventually";
import { guard } from "@meeshy/shared/testing/guard";
import { ROOT } from "../../bin/launcher/root.ts";

const run = promisify(execFile);
const OUTPUT_MAX_BYTES = 64 * 1_048_576;
/** of the output of a command that failed */
const END_LINES = 40;

export interface Docker {
  /** Runs `docker` and gives what it prints. */
  docker(...args: string[]): Promise<string>;
  /** Runs `docker-compose` on docker-compose.yml, as an own project, with these variables. */
  compose(...args: string[]): Promise<string>;
  /** Ends the daemon, and removes its data unless they were asked to be kept. */
  stop(): Promise<void>;
}

/** Why no daemon can be started here; undefined if one may be tried. */
export async function reasonAgainstDocker(): Promise<string | undefined> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "dockerd needs root on Linux";
  for (const program of ["dockerd", "docker-compose", "mmdebstrap"]) {
    const isThere = await run("sh", ["-c", `command -v ${program}`]).catch(() => undefined);
    if (!isThere) return `${program} is not installed (apt install docker.io docker-compose mmdebstrap)`;
  }
  return existsSync("/var/run/docker.pid") ? "another dockerd runs here" : undefined;
}

/**
 * Starts a daemon of its own. `keep`: the directory of its images and layers, which stays for the next run.
 * @throws {Error} it does not answer within 30 s: with the end of its log
 */
export async function startDocker(env: Record<string, string>, keep?: string): Promise<Docker> {
  const directory = await mkdtemp(join(tmpdir(), "meeshy-docker-"));
  const dataRoot = keep ?? join(directory, "data");
  await mkdir(dataRoot, { recursive: true });
  const host = `unix://${join(directory, "docker.sock")}`;
  const log = join(directory, "dockerd.log");
  const args = [
    ...["--data-root", dataRoot, "--exec-root", join(directory, "exec")],
    ...["--pidfile", join(directory, "dockerd.pid"), "--host", host],
    // Killed before its containers have ended, it would leave them behind.
    ...["--shutdown-timeout", "5"],
  ];
  const daemon = spawn("sh", ["-c", `exec dockerd "$@" > ${log} 2>&1`, "sh", ...args], { stdio: "ignore" });
  const exited = new Promise<void>((resolve) => daemon.once("exit", () => resolve()));
  const callOff = guard(daemon.pid ?? -1, "SIGTERM", directory);
  const surroundings = {
    ...process.env,
    ...env,
    DOCKER_HOST: host,
    COMPOSE_PROJECT_NAME: "meeshy-test",
    COMPOSE_PROFILES: "observability",
  };
  const call = (program: string, ...rest: string[]) =>
    run(program, rest, { cwd: ROOT, env: surroundings, maxBuffer: OUTPUT_MAX_BYTES }).then(
      ({ stdout }) => stdout.trim(),
      (error: Error & { stdout?: string }) => {
        // Builds print their faults where others print what they give.
        const end = (error.stdout ?? "").split("\n").slice(-END_LINES).join("\n");
        throw new Error(`${error.message}\n${end}`);
      },
    );

  const stop = async () => {
    daemon.kill("SIGTERM");
    await exited;
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    callOff();
  };
  const answers = async () => {
    if (daemon.exitCode !== null) return "ended";
    return (await call("docker", "info", "--format", "{{.ServerVersion}}")) ? "answers" : undefined;
  };
  const state = await eventually(answers, { within: 30_000, every: 200, what: "an answer of dockerd" }).catch(
    () => "silent",
  );
  if (state !== "answers") {
    const end = readFileSync(log, "utf8").split("\n").slice(-6).join("\n");
    await stop();
    throw new Error(`dockerd does not start here:\n${end}`);
  }
  return {
    docker: (...rest) => call("docker", ...rest),
    compose: (...rest) => call("docker-compose", ...rest),
    stop,
  };
}
