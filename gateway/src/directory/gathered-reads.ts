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

/** A question that takes longer than this, in ms, is not waited for: one that hangs holds nobody up. */
const PATIENCE_MS = 100;

/** One question at a time; what is asked meanwhile is gathered for the next. Every caller gets the whole answer, or the same failure. */
export function gathered<V>(load: Load<V>): Load<V> {
  let next: { keys: Set<string>; answer: Promise<Map<string, V>>; ask: () => void } | undefined;
  let underway: Promise<unknown> | undefined;

  const begin = () => {
    const keys = new Set<string>();
    const { promise: answer, resolve } = Promise.withResolvers<Map<string, V>>();
    const ask = () => {
      next = undefined;
      const loading = load([...keys]);
      underway = loading;
      const goOn = () => {
        if (underway !== loading) return;
        underway = undefined;
        clearTimeout(patience);
        next?.ask();
      };
      const patience = setTimeout(goOn, PATIENCE_MS);
      loading.then(goOn, goOn);
      resolve(loading);
    };
    setImmediate(() => {
      if (!underway) next?.ask();
    });
    return { keys, answer, ask };
  };

  return (keys) => {
    next ??= begin();
    for (const key of keys) next.keys.add(key);
    return next.answer;
  };
}
