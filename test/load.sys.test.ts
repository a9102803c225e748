import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "@meeshy/shared/testing/eventually";
import type { RunningStack } from "@meeshy/shared/testing/stack";
import { startTestStack } from "@meeshy/shared/testing/test-stack";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isInTime, measureChanges } from "../bench/load/changes-seen.ts";
import { addLoadPeople, everyone, planLoadPeople, removeLoadPeople } from "../bench/load/people.ts";

const run = promisify(execFile);
let stack: RunningStack;
beforeAll(async () => {
  stack = await startTestStack({ args: ["--no-web"] });
});
afterAll(() => stack?.stop());

const tokenFor = (userId: string) => ({
  token: stack.token({ id: userId, username: userId, role: "USER" as const }),
});

test("token finds the running stack, whose data is elsewhere", async () => {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, "../bin/token.ts"), "alice"], {
    env: { ...process.env, ...stack.env, JWT_SECRET: "" },
  });
  const answer = await fetch(`${stack.urls[0]}/api/users/me`, {
    headers: { authorization: `Bearer ${stdout.trim()}` },
  });
  expect(answer.status).toBe(200);
  expect(stack.output()).toContain(`npm run -s token -- carol --data-dir ${stack.dataDir}`);
});

test("load measures when contacts see a person come and leave, and removes its people", async () => {
  const plan = planLoadPeople("test", 10);
  const people = everyone(plan);
  const { database } = stack.read();
  await addLoadPeople(database.url, people);
  const pairs = plan.pairs
    .slice(0, 2)
    .map(({ comes, sees }) => ({ comes: tokenFor(comes.userId), sees: tokenFor(sees.userId) }));
  const { seen, stop } = measureChanges(stack.urls[0] ?? "", pairs);
  await eventually(() => seen.comes.length >= 4 && seen.leaves.length >= 4);
  await stop();
  expect(seen.missed).toBe(0);
  expect(isInTime(seen), JSON.stringify(seen)).toBe(true);

  await removeLoadPeople(stack.read(), people);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query(
    `SELECT (SELECT count(*) FROM "User" WHERE id LIKE 'load-%') + (SELECT count(*) FROM "Conversation" WHERE id LIKE 'load-%')
       + (SELECT count(*) FROM "PresenceTransition" WHERE "userId" LIKE 'load-%') AS left`,
  );
  await client.end();
  expect(Number(rows[0].left)).toBe(0);
});

test("a pair that is refused counts as not seen", async () => {
  const { seen, stop } = measureChanges(stack.urls[0] ?? "", [
    { comes: { token: "none" }, sees: tokenFor("bob") },
  ]);
  await eventually(() => seen.missed === 1);
  await stop();
});
