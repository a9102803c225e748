/**
 * Constants of the product that a world changes: fewer partitions, so that a quiet day costs little, and in the calm
 * profile longer intervals between looks, since its leases are longer by the same factor. Text that is not there,
 * or there twice, ends the run.
 */
export interface Constant {
  file: string;
  name: string;
  value: (given: number) => number;
}

export interface ConstantOptions {
  partitions: number;
  /** by how much the leases are longer than by default */
  stretch: number;
}

/** Intervals at which the product looks, each a fixed part of the default leases. */
const LOOKS: readonly (readonly [file: string, name: string])[] = [
  ["sweeper/src/app.ts", "TICK_MS"],
  ["sweeper/src/io/database-sweep.ts", "RETRY_MS"],
  ["presence-worker/src/core/clock.ts", "IN_STEP_MS"],
  ["presence-worker/src/core/clock.ts", "UNPROVEN_MS"],
  ["presence-worker/src/core/clock.ts", "BETWEEN_MS"],
  ["presence-worker/src/host/ownership.ts", "LOOK_MS"],
  ["presence-worker/src/host/serving-watch.ts", "LOOK_EVERY_MS"],
  ["presence-worker/src/host/serving-watch.ts", "SWEEPER_SILENT_MS"],
  ["presence-worker/src/host/epoch-keeper.ts", "LOOK_MS"],
  ["presence-worker/src/host/round-timer.ts", "ROUND_MS"],
  ["presence-worker/src/io/database-writer.ts", "PROGRESS_MS"],
  ["gateway/src/feed/status-feed.ts", "LOOK_EVERY_MS"],
  ["gateway/src/feed/freshness.ts", "LOOK_EVERY_MS"],
  ["gateway/src/feed/freshness.ts", "UNPROVEN_MS"],
  ["shared/src/nats/streams.ts", "LOOK_MS"],
];

export function constantsOf({ partitions, stretch }: ConstantOptions): Constant[] {
  const looks = stretch === 1 ? [] : LOOKS;
  return [
    { file: "shared/src/subjects.ts", name: "PARTITIONS", value: () => partitions },
    ...looks.map(([file, name]) => ({ file, name, value: (given: number) => given * stretch })),
  ];
}

/** The source with the constant's value changed. Throws unless the constant is declared once, as a number. */
export function changeConstant(source: string, { file, name, value }: Constant): string {
  const declared = new RegExp(`^((?:export )?const ${name} = )([0-9_]+);`, "gm");
  const found = [...source.matchAll(declared)];
  if (found.length !== 1) throw new Error(`${file} does not declare ${name} once, as a number`);
  return source.replace(
    declared,
    (_, start, given) => `${start}${value(Number(given.replaceAll("_", "")))};`,
  );
}
