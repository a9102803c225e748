import type { Directory, PresenceStore } from "@meeshy/shared/directory";

type Load<V> = (keys: readonly string[]) => Promise<Map<string, V>>;

/**
 * Puts what is asked in one turn of the event loop into one question: when thousands connect at once, each
 * asking for one person, the questions are what costs most.
 */
export function gatherReads(source: Directory & PresenceStore): Directory & PresenceStore {
  const { newcomers } = source;
  return {
    ...source,
    ...(newcomers ? { newcomers: gathered((ids) => newcomers(ids)) } : {}),
    users: gathered((ids) => source.users(ids)),
    presences: gathered((ids) => source.presences(ids)),
    memberCounts: gathered((ids) => source.memberCounts(ids)),
  };
}

/** Every caller gets the whole answer, or the same failure. */
export function gathered<V>(load: Load<V>): Load<V> {
  let open: { keys: Set<string>; answer: Promise<Map<string, V>> } | undefined;

  const begin = () => {
    const keys = new Set<string>();
    const { promise: answer, resolve } = Promise.withResolvers<Map<string, V>>();
    setImmediate(() => {
      open = undefined;
      resolve(load([...keys]));
    });
    return { keys, answer };
  };

  return (keys) => {
    open ??= begin();
    for (const key of keys) open.keys.add(key);
    return open.answer;
  };
}
