import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { eventually } from "@meeshy/shared/testing/eventually";
import jwt from "jsonwebtoken";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Client, type RunningGateway, SECRET, type Servers, signIn, startServers } from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

/** Runs what `docs/services.md` shows. */
const text = readFileSync(fileURLToPath(new URL("../../../docs/services.md", import.meta.url)), "utf8");
const example = (name: string): string => {
  const found = new RegExp(`\`\`\`\\w+ ${name}\\n(.*?)\`\`\``, "s").exec(text)?.[1];
  if (found === undefined) throw new Error(`no example ${name}`);
  return found;
};
const run = promisify(execFile);

let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
let alice: Client;
let env: Record<string, string>;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  gateway = await servers.gateway();
  alice = await signIn(gateway.url, "alice");
  const token = jwt.sign({ role: "SERVICE", sub: "examples" }, SECRET, { expiresIn: 60 });
  env = { PRESENCE_URL: gateway.url, PRESENCE_TOKEN: token, PATH: process.env.PATH ?? "" };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  alice?.close();
  await worker?.stop();
  await servers?.stop();
});

const seesAs = (userId: string, expected: object) =>
  eventually(() => {
    const seen = alice.all<{ userId: string }>("user:status").findLast((one) => one.userId === userId);
    return expect(seen).toMatchObject(expected);
  });

/** The example as a module, in which the framework, which is not installed here, is what is given. */
async function load<T>(name: string, framework: string, exported: string): Promise<T> {
  const own = example(name)
    .replace(/^import .*$/m, framework)
    .replace(/^@Injectable\(\)$/m, "")
    .replace("export class", "class");
  const code = `${stripTypeScriptTypes(own)}\nexport { ${exported} };`;
  const module: Record<string, T> = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  return module[exported] as T;
}

it("curl asks", async () => {
  const { stdout } = await run("sh", ["-c", example("curl")], { env });
  expect(JSON.parse(stdout)).toMatchObject({ users: [{ userId: "alice" }, { userId: "bob" }] });
});

it("Python keeps an agent online", async () => {
  const { stdout } = await run("python3", ["-c", example("python")], { env });
  expect(JSON.parse(stdout)).toEqual({ expiresAt: expect.any(String) });
  await seesAs("carol", { isOnline: true });
});

it("an Express application reports activity and starts bots", async () => {
  type Handler = (request: object, response: object, next: () => void) => unknown;
  interface App {
    handlers: { use: Handler[]; post: Handler[] };
  }
  const express =
    "const express = () => ({ handlers: { use: [], post: [] }, use(h) { this.handlers.use.push(h); }, post(_, h) { this.handlers.post.push(h); } });";
  const app = await load<App>("express", express, "app");
  const { promise, resolve } = Promise.withResolvers<unknown>();
  app.handlers.use[0]?.({ headers: { "x-user": "alice" } }, {}, () => {});
  await app.handlers.post[0]?.({ params: { id: "bob" } }, { json: resolve }, () => {});
  expect(await promise).toEqual({ expiresAt: expect.any(String) });
  await seesAs("bob", { isOnline: true });
});

it("a NestJS provider says what the calendar knows", async () => {
  interface Presence {
    meeting(userId: string, endsAt: Date | null): Promise<unknown>;
  }
  const Provider = await load<new () => Presence>("nestjs", "", "Presence");
  const presence = new Provider();
  await presence.meeting("alice", new Date(Date.now() + 60_000));
  await eventually(async () => {
    const { users } = await gateway.people.availability
      .chosen("alice")
      .then(({ choices }) => ({ users: choices.services }));
    return users.some(({ source, availability }) => source === "calendar" && availability === "busy");
  });
  expect(await presence.meeting("alice", null)).toEqual({ success: true });
});
