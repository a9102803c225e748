import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@meeshy/shared/servers/free-port";
import { type RunningStack, startStack } from "@meeshy/shared/testing/stack";
import { olderCheckout } from "../older/checkout.ts";
import { LAST_RELEASE } from "../older/release.ts";
import { type Links, openLinks } from "./links.ts";
import { type LongTurn, readLongTurns } from "./long-turns.ts";
import { type Place, writePlaces } from "./places.ts";
import { mountSmallStore } from "./small-store.ts";

/** How many processes of each kind there are. */
interface Sizes {
  gateways: number;
  workers: number;
  sweepers: number;
}

/**
 * What only some faults need, and some machines and clones have: another file system for the broker's store, the release
 * before, gateways of several processes.
 */
export type Means = "small store" | "older release" | "several processes";

/** A stack in which each service has a link to the broker of its own, and may be replaced by an older release. */
export interface ChaosStack extends RunningStack {
  links: Links;
  /** Means that were asked for and are not to be had here, and why. */
  missing: ReadonlyMap<Means, string>;
  /** Directory of the file system that holds nothing but the broker's store; null: it has none of its own. */
  smallStore: string | null;
  /** Which release the process of this name runs from its next start on. */
  setRelease(name: string, release: "older" | "current"): void;
  /** Long turns of the services so far, the longest first. */
  longTurns(): LongTurn[];
}

export interface ChaosStackOptions extends Sizes {
  env: Record<string, string>;
  /** what the faults of the run need */
  means: ReadonlySet<Means>;
  /** how long the run will take, ms: what the broker stores grows with it */
  withinMs: number;
}

const GATEWAY_PROCESSES = 2;
const STORE_MEGABYTES = 64;
/** Two sweepers write 2.4 MB a minute, hundreds of clients about as much. */
const STORE_MEGABYTES_A_MINUTE = 8;

export async function startChaosStack(options: ChaosStackOptions): Promise<ChaosStack> {
  const { means, withinMs } = options;
  const missing = new Map<Means, string>();
  const provide = async (name: Means, make: () => Promise<string>): Promise<string | null> => {
    if (!means.has(name)) return null;
    return make().catch((error) => {
      missing.set(name, error instanceof Error ? error.message : String(error));
      return null;
    });
  };
  const megabytes = Math.ceil(STORE_MEGABYTES + (STORE_MEGABYTES_A_MINUTE * withinMs) / 60_000);
  const smallStore = await provide("small store", () => mountSmallStore(megabytes));
  const older = await provide("older release", () => olderCheckout(LAST_RELEASE));

  const dataDir = await mkdtemp(join(tmpdir(), "meeshy-stack-"));
  const natsPort = await freePort();
  await writeFile(join(dataDir, "ports.json"), JSON.stringify({ nats: natsPort }));
  if (smallStore) {
    await mkdir(join(dataDir, "nats"), { mode: 0o700 });
    await symlink(smallStore, join(dataDir, "nats/jetstream"));
  }
  const links = await openLinks(natsPort, namesOf(options));
  const places = new Map(
    namesOf(options).map((name): [string, Place] => [name, { natsUrl: links.url(name) }]),
  );
  const placesFile = join(dataDir, "places.json");
  const longTurnsFile = join(dataDir, "long-turns.jsonl");
  writePlaces(placesFile, Object.fromEntries(places));
  const stack = await startStack({
    dataDir,
    args: [
      ...argsOf(options),
      ...(means.has("several processes") ? ["--gateway-processes", String(GATEWAY_PROCESSES)] : []),
      ...["--no-seed", "--no-web"],
    ],
    env: {
      ...{ ...options.env, CHAOS_PLACES: placesFile, CHAOS_LONG_TURNS: longTurnsFile },
      NODE_OPTIONS: withHook(options.env.NODE_OPTIONS ?? process.env.NODE_OPTIONS ?? ""),
    },
  }).catch(async (error) => {
    await links.close();
    throw error;
  });
  return {
    ...stack,
    ...{ links, missing, smallStore },
    setRelease(name, release) {
      const natsUrl = links.url(name);
      places.set(name, release === "older" && older ? { natsUrl, checkout: older } : { natsUrl });
      writePlaces(placesFile, Object.fromEntries(places));
    },
    longTurns: () => readLongTurns(longTurnsFile),
    async stop(how) {
      const code = await stack.stop(how);
      await links.close();
      return code;
    },
  };
}

const SERVICES = { gateway: "gateway", worker: "presence-worker", sweeper: "sweeper" } as const;
export type Service = keyof typeof SERVICES;

/** The name that the launcher gives a process, by its index in stack.json. */
export const processName = (service: Service, index: number): string => `${SERVICES[service]}-${index + 1}`;

const numbered = (service: Service, count: number) =>
  Array.from({ length: count }, (_, index) => processName(service, index));

const namesOf = ({ gateways, workers, sweepers }: Sizes): string[] => [
  ...numbered("gateway", gateways),
  ...numbered("worker", workers),
  ...numbered("sweeper", sweepers),
];

const argsOf = ({ gateways, workers, sweepers }: Sizes): string[] =>
  ["--gateways", gateways, "--workers", workers, "--sweepers", sweepers].map(String);

const withHook = (nodeOptions: string): string =>
  `${nodeOptions} --import ${new URL("./enter.ts", import.meta.url).href}`.trim();
