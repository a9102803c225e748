/**
 * The version `v` of each format that outlives a process or crosses from one to another: messages of the log, records,
 * statuses, leases, heartbeats, the epoch, commands to gateways, the settings that all processes share.
 *
 * A number here is raised only when a reader of the number before would misunderstand what is written from now on: a
 * field that changes its meaning or goes. A field or a value of an enumeration that is added raises nothing.
 *
 * A reader takes what has no `v` (written before there were versions), or one up to its own, as it always did.
 * Of a later one it takes what its schema still understands, and never writes over what it does not understand. So a
 * release first reads the new version, and only the release after it writes that.
 */
export const VERSIONS = {
  logMessage: 1,
  record: 1,
  status: 1,
  lease: 1,
  heartbeat: 1,
  epoch: 1,
  command: 1,
  settings: 1,
} as const;
export type Format = keyof typeof VERSIONS;

/** The value with the version of its format, which readers of any release ignore or know. */
export const versioned = <T extends object>(format: Format, value: T): T & { v: number } => ({
  ...value,
  v: VERSIONS[format],
});

/** Whether the value, as read, is of a later version of its format than this process knows. */
export function isLater(format: Format, value: unknown): boolean {
  if (typeof value !== "object" || value === null || !("v" in value)) return false;
  return typeof value.v !== "number" || value.v > VERSIONS[format];
}
