const REMIND_MS = 10_000;

/** Says what is done, on stderr, and every ten seconds that it still is; gives the work's result. */
export async function during(what, work) {
  const started = performance.now();
  process.stderr.write(`${what} …\n`);
  const reminder = setInterval(() => {
    process.stderr.write(`… still at it after ${seconds(started)} s: ${what}\n`);
  }, REMIND_MS);
  try {
    return await work();
  } finally {
    clearInterval(reminder);
  }
}

function seconds(since) {
  return Math.round((performance.now() - since) / 1000);
}
