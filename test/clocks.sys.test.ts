import { existsSync } from "node:fs";
import { eventually } from "@meeshy/shared/testing/eventually";
import type { RunningStack } from "@meeshy/shared/testing/stack";
import { startTestStack } from "@meeshy/shared/testing/test-stack";
import pg from "pg";
import { io, type Socket } from "socket.io-client";
import { describe, expect, onTestFinished, test } from "vitest";

/** Gives a process another wall clock (Debian's package `faketime`); nats-server reads the real one past it. */
const LIBRARY = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/faketime/libfaketimeMT.so.1`;
/** Far less than the clocks are wrong, far more than anything takes. */
const TOLERANCE_MS = 60_000;
const GRACE_MS = 500;

interface Status {
  isOnline: boolean;
  at: string | null;
  lastSeen: string | null;
  lastActiveAt: string | null;
}

const wrongBy = (seconds: string) => ({
  LD_PRELOAD: LIBRARY,
  FAKETIME: seconds,
  FAKETIME_DONT_FAKE_MONOTONIC: "1",
  DONT_FAKE_MONOTONIC: "1",
});

function open(stack: RunningStack, user: string): Promise<Socket> {
  const socket = io(stack.urls[0], { auth: { token: stack.token(user) }, transports: ["websocket"] });
  onTestFinished(() => void socket.close());
  return new Promise((resolve, reject) => {
    socket.once("authenticated", () => resolve(socket));
    socket.once("connect_error", reject);
  });
}

async function statusOf(stack: RunningStack, user: string): Promise<Status> {
  const answer = await fetch(`${stack.urls[0]}/api/users/${user}`, {
    headers: { authorization: `Bearer ${stack.token("alice")}`, "x-presence-passive": "1" },
  });
  return ((await answer.json()) as { user: Status }).user;
}

async function rowOf(stack: RunningStack, user: string): Promise<{ isOnline: boolean; lastActiveAt: Date }> {
  const client = new pg.Client({ connectionString: stack.read().database.url });
  await client.connect();
  const { rows } = await client
    .query('SELECT "isOnline", "lastActiveAt" FROM "User" WHERE "id" = $1', [user])
    .finally(() => client.end());
  return rows[0];
}

const isNow = (time: string | Date | null): boolean =>
  time !== null && Math.abs(new Date(time).getTime() - Date.now()) < TOLERANCE_MS;

describe.skipIf(!existsSync(LIBRARY))("with every process but the broker (needs faketime)", () => {
  test.each([
    ["ten minutes ahead", "+600"],
    ["ten minutes behind", "-600"],
  ])("%s, every decision and every time shown is the same", async (_, seconds) => {
    const stack = await startTestStack({
      args: ["--no-web"],
      env: { ...wrongBy(seconds), DISCONNECT_GRACE_MS: String(GRACE_MS), SWEEP_INTERVAL_MS: "1000" },
    });
    onTestFinished(async () => void (await stack.stop()));
    await open(stack, "alice");
    const bob = await open(stack, "bob");
    const online = await eventually(async () => {
      const status = await statusOf(stack, "bob");
      return status.isOnline && (await rowOf(stack, "bob")).isOnline && status;
    });
    expect([online.at, online.lastActiveAt].map(isNow)).toEqual([true, true]);
    expect(isNow((await rowOf(stack, "bob")).lastActiveAt)).toBe(true);

    bob.io.engine.close();
    bob.io.reconnection(false);
    const offline = await eventually(async () => {
      const status = await statusOf(stack, "bob");
      return !status.isOnline && status;
    });
    expect([offline.at, offline.lastSeen].map(isNow)).toEqual([true, true]);
    expect(await statusOf(stack, "alice")).toMatchObject({ isOnline: true });
  });
});
