import "reflect-metadata";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { eventually } from "@meeshy/shared/testing/eventually";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import jwt from "jsonwebtoken";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
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

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");
const COMPILED_AS_NEST_DOES =
  "--ignoreConfig --strict --experimentalDecorators --emitDecoratorMetadata --skipLibCheck --module nodenext --target es2023 --types node".split(
    " ",
  );

let folder: string;
let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
let alice: Client;
let env: Record<string, string>;
beforeAll(async () => {
  await mkdir(join(ROOT, ".cache"), { recursive: true });
  folder = await mkdtemp(join(ROOT, ".cache/examples-"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
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
  await rm(folder, { recursive: true, force: true });
});

const seesAs = (userId: string, expected: object) =>
  eventually(() => {
    const seen = alice.all<{ userId: string }>("user:status").findLast((one) => one.userId === userId);
    return expect(seen).toMatchObject(expected);
  });

/** The example as a module of its own, where it finds the frameworks. */
async function load<T>(file: string, name: string, exported: string): Promise<T> {
  const source = join(folder, file);
  await writeFile(source, `${example(name)}\nexport { ${exported} };`.replace(/^export class/m, "class"));
  if (file.endsWith(".ts"))
    await run(process.execPath, [TSC, ...COMPILED_AS_NEST_DOES, "--outDir", folder, source], { cwd: folder });
  const module: Record<string, T> = await import(pathToFileURL(source.replace(/\.ts$/, ".js")).href);
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
  const app = await load<{ listen(port: number): Server }>("express.js", "express", "app");
  const server = app.listen(0);
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const started = await fetch(`${url}/bots/bob/start`, { method: "POST", headers: { "x-user": "alice" } });
  expect(await started.json()).toEqual({ expiresAt: expect.any(String) });
  await seesAs("bob", { isOnline: true });
  await eventually(async () => {
    const events = (await servers.readLog()).filter(({ subject }) => subject.endsWith(".alice"));
    return events.some(({ event }) => event.type === "activity");
  });
});

it("a NestJS provider says what the calendar knows", async () => {
  interface Presence {
    meeting(userId: string, endsAt: Date | null): Promise<unknown>;
  }
  const Provider = await load<new () => Presence>("presence.ts", "nestjs", "Presence");
  class Application {}
  Module({ providers: [Provider] })(Application);
  const app = await NestFactory.createApplicationContext(Application, { logger: false });
  onTestFinished(() => app.close());
  const presence = app.get(Provider);
  const claims = async () => (await gateway.people.availability.chosen("alice")).choices.services;
  await presence.meeting("alice", new Date(Date.now() + 60_000));
  await eventually(async () =>
    (await claims()).some(({ source, availability }) => source === "calendar" && availability === "busy"),
  );
  expect(await presence.meeting("alice", null)).toEqual({ success: true });
  await eventually(async () => (await claims()).length === 0);
});
