import type { World } from "../fleet/world.ts";
import type { StartOptions } from "../scenario.ts";
import { startMeeshy } from "./meeshy.ts";
import { startBare, startMonolith, startRedisPattern } from "./peers.ts";
import type { System, SystemKind } from "./system.ts";

const STARTERS: Record<SystemKind, (world: World, options: StartOptions) => Promise<System>> = {
  meeshy: startMeeshy,
  "redis pattern": startRedisPattern,
  monolith: startMonolith,
  "bare Socket.IO": startBare,
};

export function startSystem(kind: SystemKind, world: World, options: StartOptions): Promise<System> {
  return STARTERS[kind](world, options);
}
