/**
 * A stream of numbers that a seed repeats (mulberry32). Ours, since `pure-rand` would replace eight of these lines and
 * give every seed that is written down another run.
 */
export interface Random {
  /** from 0 to 1, 1 excluded */
  next(): number;
  /** from `low` to `high`, a real number */
  between(low: number, high: number): number;
  pick<T>(from: readonly T[]): T;
  /** One of the names, as often as its weight says. */
  weighed<Name extends string>(weights: Readonly<Record<Name, number>>): Name;
  shuffled<T>(from: readonly T[]): T[];
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = <T>(from: readonly T[]): T => {
    if (from.length === 0) throw new RangeError("nothing to pick from");
    return from[Math.floor(next() * from.length)] as T;
  };
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    pick,
    weighed<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
      const names = Object.keys(weights) as Name[];
      let left = next() * names.reduce((total, name) => total + weights[name], 0);
      for (const name of names) {
        left -= weights[name];
        if (left < 0) return name;
      }
      return names.at(-1) as Name;
    },
    shuffled(from) {
      const rest = [...from];
      for (let last = rest.length - 1; last > 0; last--) {
        const other = Math.floor(next() * (last + 1));
        [rest[last], rest[other]] = [rest[other] as never, rest[last] as never];
      }
      return rest;
    },
  };
}
