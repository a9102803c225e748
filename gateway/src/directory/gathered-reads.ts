import type { Directory, PresenceStore } from "@meeshy/shared/directory";

type Load<V> = (keys: readonly string[]) => Promise<Map<string, V>>;

/**
 * Puts what is asked in one turn of the event loop, or while others wait for their answers, into one question: when
 * thousands connect at once, each asking for one person, the questions are what costs most.
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

/** Questions of one kind under way at once: what is asked meanwhile is gathered for the next one. */
const AT_ONCE = 3;

/** Every caller gets the whole answer, or the same failure. */
export function gathered<V>(load: Load<V>): Load<V> {
  let next: { keys: Set<string>; answer: Promise<Map<string, V>>; ask: () => void } | undefined;
  let underway = 0;

  const askNext = () => {
    if (underway < AT_ONCE) next?.ask();
  };
  const begin = () => {
    const keys = new Set<string>();
    const { promise: answer, resolve } = Promise.withResolvers<Map<string, V>>();
    const ask = () => {
      next = undefined;
      underway++;
      const loading = load([...keys]);
      const done = () => {
        underway--;
        askNext();
      };
      loading.then(done, done);
      resolve(loading);
    };
    setImmediate(askNext);
    return { keys, answer, ask };
  };

  return (keys) => {
    next ??= begin();
    for (const key of keys) next.keys.add(key);
    return next.answer;
  };
}
