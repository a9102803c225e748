import { availableParallelism } from "node:os";
import { freePort } from "@meeshy/shared/servers/free-port";
import { eventually } from "@meeshy/shared/testing/eventually";
import { standInForWorkers } from "@meeshy/shared/testing/stand-in-workers";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Client, openClient, type Servers, settle, signIn, startServers, tokenFor } from "../harness.ts";
import { startWorker } from "../worker.ts";
import { identityOf, lives, portEnv, type RunningPort, startPort } from "./port.ts";

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers?.stop());

const start = (processes: number, env: Record<string, string> = {}) =>
  startPort(portEnv(servers, { GATEWAY_PROCESSES: String(processes), ...env }));

/** A port that does not come to serve. */
async function startHopeless(env: Record<string, string>): Promise<RunningPort> {
  const port = await startPort(portEnv(servers, env), { waits: false });
  onTestFinished(() => void port.stop());
  return port;
}

interface Held {
  client: Client;
  holder: number;
}

/** Signs someone in again and again until every process of the port holds at least `each` of their sockets. */
async function spread(port: RunningPort, userId: string, processes: number, each = 1): Promise<Held[]> {
  const held: Held[] = [];
  const numbers = Array.from({ length: processes }, (_, n) => n + 1);
  const has = (number: number) => held.filter(({ holder }) => holder === number).length >= each;
  for (let n = 0; n < 20 * processes * each && !numbers.every(has); n++) {
    const client = await signIn(port.url, userId);
    const [first] = client.all<{ connectionId: string }>("authenticated");
    held.push({ client, holder: await port.holderOf(first?.connectionId ?? "") });
  }
  expect(numbers.filter((number) => !has(number))).toEqual([]);
  return held;
}

const closeAll = (clients: readonly Client[]) => {
  for (const client of clients) client.close();
};

/** Beyond every position of the log: a worker that one of the tests starts publishes statuses too. */
let version = 1_000_000;

/**
 * Publishes five statuses, each once the one before has arrived: those that wait for the directory become one. Each
 * socket receives each once, and each process sends each once to its own.
 */
async function countStatuses(port: RunningPort, processes: number): Promise<void> {
  const held =
    processes === 1
      ? [await signIn(port.url, "bob"), await signIn(port.url, "bob")]
      : (await spread(port, "bob", processes)).map(({ client }) => client);
  const transports = [["polling"], ["polling", "websocket"]];
  const others = await Promise.all(transports.map((one) => signIn(port.url, "bob", { transports: one })));
  const clients = [...held, ...others];
  const before = await port.metric("meeshy_user_status_broadcasts_total");
  const versions = Array.from({ length: 5 }, () => ++version);
  for (const [index, one] of versions.entries()) {
    const isOnline = one % 2 === 1;
    await servers.publishStatus("carol", { version: one, isOnline, conversationIds: ["general"] });
    for (const client of clients)
      await eventually(() => client.all("user:status").length > index, { what: `status ${one}` });
  }
  await settle();
  for (const client of clients) {
    expect(client.all<{ version: number }>("user:status").map((one) => one.version)).toEqual(versions);
  }
  const sent = (await port.metric("meeshy_user_status_broadcasts_total")) - before;
  expect(sent).toBe(versions.length * processes);
  closeAll(clients);
}

describe("four processes on one port", { timeout: 120_000 }, () => {
  const RATE = 60;
  let port: RunningPort;
  beforeAll(async () => {
    port = await start(4, {
      OPS_PORT: String(await freePort()),
      TRUSTED_PROXIES: "1",
      RATE_REQUESTS_PER_ADDRESS: String(RATE),
      RATE_EVENTS_PER_USER: String(RATE),
    });
  }, 120_000);
  afterAll(() => port?.stop());

  it("send each socket a status once, whatever its transport", () => countStatuses(port, 4));

  it("hold polling sessions: requests that come to another process are passed on", async () => {
    const clients = await Promise.all(
      Array.from({ length: 8 }, () => signIn(port.url, "alice", { transports: ["polling"] })),
    );
    for (const client of clients) expect(await client.ask("activity")).toEqual({ success: true });
    closeAll(clients);
  });

  it("let none of 600 connects of all transports hang", async () => {
    await servers.db.user.createMany({
      data: Array.from({ length: 600 }, (_, n) => ({ id: `many-${n}`, username: `many-${n}` })),
    });
    const ways = [["websocket"], ["polling"], ["polling", "websocket"]];
    const outcomes = { in: 0 } as Record<string, number>;
    const once = async (n: number) => {
      const options = { transports: ways[n % ways.length] };
      const client = openClient(port.url, { token: tokenFor(`many-${n}`) }, options);
      const end = await Promise.race([
        client.nth("authenticated").then(
          () => "in",
          () => "hung",
        ),
        client.nth("connect_error").then(String, () => new Promise<string>(() => {})),
      ]);
      outcomes[end] = (outcomes[end] ?? 0) + 1;
      client.close();
    };
    for (let n = 0; n < 600; n += 30) await Promise.all(Array.from({ length: 30 }, (_, k) => once(n + k)));
    expect(outcomes).toEqual({ in: 600 });
  });

  it("refuse at once a session that its process does not know, or that belongs to none", async () => {
    for (const sid of ["1.unknown", "2.unknown", "9.unknown", "unknown"]) {
      for (let n = 0; n < 4; n++) {
        const answer = await fetch(`${port.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`);
        expect([answer.status, await answer.json()]).toEqual([
          400,
          { code: 1, message: "Session ID unknown" },
        ]);
      }
    }
  });

  it("share the limit of an address", async () => {
    const ask = () =>
      fetch(`${port.url}/api/users/status`, {
        headers: {
          "x-forwarded-for": "198.51.100.7",
          connection: "close",
          authorization: `Bearer ${tokenFor("alice")}`,
        },
      });
    const since = performance.now();
    let passed = 0;
    for (let done = 0; done < 4 * RATE; done += 10) {
      const answers = await Promise.all(Array.from({ length: 10 }, ask));
      passed += answers.filter(({ status }) => status === 200).length;
    }
    const refilled = ((performance.now() - since) / 60_000) * RATE;
    expect(passed).toBeGreaterThanOrEqual(0.9 * RATE);
    // Ten at once may pass before the processes hear of each other.
    expect(passed).toBeLessThanOrEqual(1.1 * RATE + refilled + 10);
  });

  it("give a person with one connection the whole limit, and then nothing on any other", async () => {
    const client = await signIn(port.url, "carol");
    const since = performance.now();
    for (let n = 0; n < RATE; n++) expect(await client.ask("activity")).toEqual({ success: true });
    const others = await spread(port, "carol", 4);
    const asked = others.flatMap(({ client: other }) =>
      Array.from({ length: RATE }, () => other.ask("activity")),
    );
    const passed = (await Promise.all(asked)).filter(({ success }) => success).length;
    // Of the limit itself nothing is left: what passes is what time has given back, in each process before it hears of
    // the others; with a limit of its own, a process would let all of its quarter of `asked` pass.
    const refilled = Math.floor(((performance.now() - since) / 60_000) * RATE);
    expect(passed).toBeLessThanOrEqual(4 * refilled);
    closeAll([client, ...others.map((one) => one.client)]);
  });

  it("have metrics on OPS_PORT alone, and health on both", async () => {
    expect(await port.metric("meeshy_gateway_processes")).toBe(4);
    expect((await fetch(`${port.url}/metrics`)).status).toBe(404);
    expect((await fetch(`${port.url}/health/ready`)).status).toBe(200);
  });
});

describe("two processes on one port", { timeout: 60_000 }, () => {
  let port: RunningPort;
  beforeAll(async () => {
    port = await start(2);
  }, 120_000);
  afterAll(() => port?.stop());

  it("send each socket a status once, whatever its transport", () => countStatuses(port, 2));

  it("deliver a chat message to sockets of both, once", async () => {
    const [alices, bobs] = [await spread(port, "alice", 2), await spread(port, "bob", 2)];
    const dave = await signIn(port.url, "dave");
    const everyone = [...alices, ...bobs].map(({ client }) => client);
    for (const { client } of alices) {
      await client.ask("message:send", { conversationId: "project", content: "hello" });
    }
    for (const client of everyone) {
      await eventually(() => client.all("message:new").length >= alices.length, { what: "the messages" });
    }
    await settle();
    for (const client of everyone) expect(client.all("message:new")).toHaveLength(alices.length);
    expect(dave.all("message:new")).toHaveLength(0);
    closeAll([...everyone, dave]);
  });

  it("close all sockets of a person when an administrator orders it, wherever they are", async () => {
    const worker = await startWorker(servers);
    // Partitions without an owner would leave the gateways of the tests below not ready.
    onTestFinished(async () => {
      await worker.stop();
      await standInForWorkers(servers.link);
    });
    await servers.db.user.create({ data: { id: "eve", username: "eve" } });
    const held = await spread(port, "eve", 2);
    const response = await fetch(`${port.url}/api/admin/users/eve/disconnect`, {
      method: "POST",
      headers: { authorization: `Bearer ${tokenFor("admin", { role: "ADMIN" })}` },
    });
    expect(response.status).toBe(200);
    for (const { client } of held) expect(await client.nth("disconnect")).toBe("io server disconnect");
  });

  it("answer for the port: the sum of connections, and readiness only when both are ready", async () => {
    const held = await spread(port, "alice", 2, 2);
    await eventually(async () => (await port.metric("meeshy_connections")) === held.length);
    expect(await port.metric("meeshy_gateway_processes")).toBe(2);
    const stopped = port.processes()[1] as number;
    process.kill(stopped, "SIGSTOP");
    const answer = await eventually(async () => {
      const found = await port.ready();
      return found.status === 503 && found;
    });
    expect(answer.reasons).toEqual([expect.stringMatching(/^process 2: no outcome within/)]);
    // The process that stands still takes one connection more, and no other.
    await eventually(async () => (await port.probe("/health/live")).status === 200);
    process.kill(stopped, "SIGCONT");
    await eventually(async () => (await port.ready()).status === 200);
    closeAll(held.map(({ client }) => client));
  });

  it("go on when one is killed: it is started again, what it had counted stays in the sum, the other keeps its sockets", async () => {
    const held = await spread(port, "alice", 2, 2);
    const counted = await port.metric("meeshy_auth_requests_total");
    expect(counted).toBeGreaterThanOrEqual(held.length);
    const killed = port.processes()[0] as number;
    process.kill(killed, "SIGKILL");
    await eventually(() => port.processes().length === 2 && !port.processes().includes(killed));
    expect(await port.metric("meeshy_auth_requests_total")).toBeGreaterThanOrEqual(counted);
    for (const { client, holder } of held) {
      await eventually(() => client.socket.connected === (holder === 2), { what: `socket of ${holder}` });
    }
    await eventually(async () => (await port.ready()).status === 200, { within: 40_000 });
    expect(await port.metric("meeshy_auth_requests_total")).toBeGreaterThanOrEqual(counted);
    expect(await port.metric("meeshy_gateway_processes_ended_total")).toBe(1);
    expect(port.lines()).toContainEqual(
      expect.objectContaining({ process: 1, how: "ended by SIGKILL", delayMs: 100 }),
    );
    closeAll(held.map(({ client }) => client));
  });

  it("stop one after the other at SIGTERM, and the primary with 0", async () => {
    const held = await spread(port, "alice", 2);
    const all = [port.primary, ...port.processes().map(identityOf)];
    // As a service manager does, which signals every process of a service at once.
    for (const { pid } of all) process.kill(pid, "SIGTERM");
    expect(await port.exited).toBe(0);
    expect(all.filter(lives)).toEqual([]);
    for (const { client } of held) {
      expect(client.all("server:draining")).toHaveLength(1);
      expect(client.all("disconnect")).toEqual(["transport close"]);
    }
    const lines = port.lines();
    const stops = lines.findIndex((line) => line.process === 2 && line.msg === "stopping");
    const isOfFirst = (line: (typeof lines)[number]) =>
      line.process === 1 && line.reason === "server shutting down";
    expect(lines.findLastIndex(isOfFirst)).toBeGreaterThan(0);
    expect(lines.findLastIndex(isOfFirst)).toBeLessThan(stops);
  });
});

describe("a primary", { timeout: 120_000 }, () => {
  it("that is killed takes its processes with it", async () => {
    const port = await start(2);
    onTestFinished(() => void port.stop());
    const processes = port.processes().map(identityOf);
    port.signal("SIGKILL");
    await port.exited;
    await eventually(() => processes.filter(lives).length === 0);
    expect(port.lines().filter(({ msg }) => msg.startsWith("the primary has ended"))).toHaveLength(2);
  });

  it("whose port another program has ends with 1 after one try; a port of one process is served as ever", async () => {
    const other = await start(1);
    onTestFinished(() => void other.stop());
    expect(other.processes()).toEqual([]);
    await countStatuses(other, 1);
    const port = await startHopeless({ GATEWAY_PROCESSES: "3", PORT: new URL(other.url).port });
    expect(await port.exited).toBe(1);
    expect(port.output()).toContain("EADDRINUSE");
    const failures = port.lines().filter(({ msg }) => msg === "could not start");
    expect(failures.map(({ process }) => process)).toEqual([1, undefined]);
    expect(port.output()).toContain("process 1 ended before it served (exit code 1)");
  });

  it.each(["0", "-1", "1.5", "x", "65"])(
    "refuses GATEWAY_PROCESSES = %j with what is allowed, exit 1",
    async (value) => {
      const port = await startHopeless({ GATEWAY_PROCESSES: value });
      expect(await port.exited).toBe(1);
      expect(port.output()).toContain(
        `GATEWAY_PROCESSES = ${JSON.stringify(value)}: a whole number from 1 to 64`,
      );
    },
  );

  it("warns of more than four processes a core", async () => {
    const processes = String(4 * availableParallelism() + 1);
    const port = await startHopeless({ GATEWAY_PROCESSES: processes, NATS_URL: "nats://127.0.0.1:1" });
    await eventually(() => port.output().includes("more than four times the number of cores"));
  });
});
