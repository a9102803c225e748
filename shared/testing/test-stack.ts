import { createTestDatabase, type TestDatabase } from "./database.ts";
import { type RunningStack, type StackOptions, startStack } from "./stack.ts";

/**
 * The real stack on a database of the PostgreSQL that the run shares, with the demo's people in it: a second of computing
 * less than `startStack`, which makes and starts a PostgreSQL of the stack's own. That is for tests that kill or stop
 * one, and for those in which the page offers people to sign in as: it does so only where the database is the launcher's.
 */
export async function startTestStack({
  content = "demo",
  ...options
}: StackOptions & { content?: Parameters<typeof createTestDatabase>[0] } = {}): Promise<RunningStack> {
  const database = await createTestDatabase(content);
  const env = { ...options.env, DATABASE_URL: database.url };
  const stack = await startStack({ ...options, env }).catch(async (error) => {
    await database.stop();
    throw error;
  });
  return { ...stack, stop: stopBoth(stack, database) };
}

function stopBoth(stack: RunningStack, database: TestDatabase): RunningStack["stop"] {
  let stopped: Promise<number | null> | undefined;
  return (options) => {
    stopped ??= stack.stop(options).finally(() => database.stop());
    return stopped;
  };
}
