/** Does the work for each item, for `limit` of them at a time, and gives the results in the order of the items. The first failure ends it. */
export async function someAtATime<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  let hasFailed = false;
  const takeTurns = async () => {
    for (const [at, item] of queue) {
      if (hasFailed) return;
      results[at] = await work(item);
    }
  };
  await Promise.all(
    Array.from({ length: Math.min(limit, items.length) }, () =>
      takeTurns().catch((error: unknown) => {
        hasFailed = true;
        throw error;
      }),
    ),
  );
  return results;
}
