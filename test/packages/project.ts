import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "@meeshy/shared/servers/free-port";
import { eventually } from "@meeshy/shared/testing/eventually";

const run = promisify(execFile);

/** A project of someone else, outside the checkout. */
export interface Project {
  dir: string;
  /** Runs a program of the project, by Node 24 unless `node` names another; gives what it printed. Rejects when it fails. */
  run(program: string, args?: string[], node?: string): Promise<string>;
  /** Starts a program that serves `port`; resolves when it does. */
  serve(program: string, args: (port: number) => string[]): Promise<string>;
  /** Starts a script; resolves with its output when it has printed `text`. */
  prints(script: string, text: string, node?: string): Promise<string>;
  stop(): Promise<void>;
}

/** What the checkout's own environment says to Node, npm and test runners is not for the project. */
const OWN = /^(NODE_(ENV|OPTIONS|PATH)|VITEST.*|VITE_.*|TEST|DEV|PROD|MODE|npm_(package|lifecycle)_.*)$/;
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN.test(name)));

export async function createProject(
  dir: string,
  files: Record<string, string>,
  packages: string[],
): Promise<Project> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), content);
  }
  await run(
    "npm",
    ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", ...packages],
    { cwd: dir, env },
  );
  const children = new Set<ChildProcess>();
  const start = (node: string, args: string[]) => {
    const child = spawn(node, args, { cwd: dir, env, stdio: ["ignore", "pipe", "pipe"] });
    children.add(child);
    child.once("exit", () => children.delete(child));
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    return { child, output: () => output };
  };
  return {
    dir,
    async run(program, args = [], node = process.execPath) {
      try {
        const { stdout, stderr } = await run(node, [program, ...args], { cwd: dir, env });
        return stdout + stderr;
      } catch (error) {
        const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
        throw new Error(`${program} ${args.join(" ")} failed:\n${stdout}${stderr}`);
      }
    },
    async serve(program, args) {
      const port = await freePort();
      const started = start(process.execPath, [program, ...args(port)]);
      const url = `http://127.0.0.1:${port}`;
      await eventually(
        async () => {
          if (started.child.exitCode !== null) throw new Error(started.output());
          return (await fetch(url)).ok;
        },
        { within: 60_000, every: 200, what: `${program} serves` },
      );
      return url;
    },
    async prints(script, text, node = process.execPath) {
      const started = start(node, [script]);
      await eventually(() => started.output().includes(text) || Promise.reject(new Error(started.output())), {
        within: 30_000,
        every: 50,
      });
      started.child.kill("SIGKILL");
      return started.output();
    },
    async stop() {
      for (const child of children) {
        const ended = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGKILL");
        await ended;
      }
    },
  };
}

/** Serves a few files, as any web server does; resolves with the address and the end of it. */
export async function serveFiles(files: (path: string) => Promise<string | Buffer>) {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://x").pathname;
    files(path).then(
      (content) =>
        response
          .setHeader("content-type", path.endsWith(".js") ? "text/javascript" : "text/html")
          .end(content),
      () => response.writeHead(404).end(),
    );
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${port}`, stop: () => new Promise((resolve) => server.close(resolve)) };
}
