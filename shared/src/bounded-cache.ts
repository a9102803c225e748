import { LRUCache } from "lru-cache";

export type BoundedCache<V extends object | string | number | true, Context = unknown> = LRUCache<
  string,
  V,
  Context
>;

/**
 * A cache of at most `max` entries, of which the least recently used goes. It takes memory as it fills: by lru-cache's
 * own `max` 1.6 MB and some milliseconds for 100,000 entries are taken at once, for each of a gateway's caches.
 */
export function createBoundedCache<V extends object | string | number | true, Context = unknown>({
  max,
  ...options
}: { max: number } & Omit<
  LRUCache.OptionsSizeLimit<string, V, Context>,
  "max" | "maxSize" | "sizeCalculation"
>): BoundedCache<V, Context> {
  return new LRUCache<string, V, Context>({ ...options, maxSize: max, sizeCalculation: () => 1 });
}
