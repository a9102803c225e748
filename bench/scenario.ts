import type { World } from "./fleet/world.ts";
import type { System, SystemKind } from "./systems/system.ts";

/** What one run of one subject gave; the names of figures carry their units. */
export interface Sample {
  subject: string;
  figures: Readonly<Record<string, number>>;
}

/** A bound that the figures are held against. */
export interface Target {
  what: string;
  measured: number;
  wants: "at most" | "at least";
  bound: number;
  /** measured ÷ bound in each round, where there are rounds */
  ratios?: readonly number[];
}

export interface Outcome {
  samples: Sample[];
  targets: Target[];
  /** what a reader must know to read the figures right */
  notes: string[];
}

/** What scenarios work with. Everything opened through it is closed when the scenario is over. */
export interface Tools {
  /** how often a comparison is repeated: A B, A B */
  rounds: number;
  /** nats-servers to compare: paths, `found` or `newest` */
  natsServers: readonly string[];
  say(line: string): void;
  /** Registers something to be stopped with the scenario, if it is not stopped before. */
  keep<T extends { stop(): Promise<unknown> }>(resource: T): T;
  /** Starts a system with these people in it. */
  start(kind: SystemKind, world: World, options?: StartOptions): Promise<System>;
}

export interface StartOptions {
  /** front processes: gateways, or processes of the peer */
  fronts?: number;
  workers?: number;
  /** a Redis writes what it acknowledges into a file, as the other stores do in any case */
  keepsStore?: boolean;
  /** processes of each front, where that is Meeshy's gateway */
  gatewayProcesses?: number;
  /** variables on top of the defaults, for Meeshy's services */
  env?: Record<string, string>;
}

export interface Scenario {
  name: string;
  title: string;
  /** run only when named: it takes longer than the whole of the others may */
  isApart?: boolean;
  run(tools: Tools): Promise<Outcome>;
}
