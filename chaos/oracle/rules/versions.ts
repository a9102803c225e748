import type { Finding } from "../finding.ts";
import type { Connection, History, Told } from "../history.ts";

/** Negative: `a` is older than `b`. Newer = greater (epoch, version) (CONTRACT 4). */
export function compareVersions(a: Told, b: Told): number {
  return a.epoch - b.epoch || a.version - b.version;
}

/**
 * Out of order: a `user:status` older than one that the same socket was given before. Visible twice: one of the
 * same version. Versions down: anything told, status or snapshot, older than what the same client has seen
 * before, be it over an earlier socket or in a snapshot.
 */
export function judgeVersions({ connections }: Pick<History, "connections">): Finding[] {
  const byClient = Map.groupBy(connections, ({ client }) => client);
  return [...byClient.values()].flatMap((sockets) =>
    judgeClient(sockets.toSorted((a, b) => a.openedAt - b.openedAt)),
  );
}

function judgeClient(sockets: readonly Connection[]): Finding[] {
  const findings: Finding[] = [];
  const seen = new Map<string, Told>();
  for (const socket of sockets) {
    const statuses = new Map<string, Told>();
    for (const received of socket.received) {
      if (received.kind === "message") continue;
      const isStatus = received.kind === "status";
      for (const told of isStatus ? [received] : received.users) {
        const former = statuses.get(told.userId);
        const order = former && isStatus ? compareVersions(told, former) : 1;
        const known = seen.get(told.userId);
        const note = (column: Finding["column"], before: Told) =>
          findings.push({
            column,
            at: received.at,
            about: told.userId,
            text: describe(socket, told, before, received.kind),
          });
        if (former && order < 0) note("out of order", former);
        else if (former && order === 0) note("visible twice", former);
        else if (known && compareVersions(told, known) < 0) note("versions down", known);
        if (isStatus && order > 0) statuses.set(told.userId, told);
        if (!known || compareVersions(told, known) > 0) seen.set(told.userId, told);
      }
    }
  }
  return findings;
}

function describe(socket: Connection, told: Told, before: Told, how: string): string {
  const version = ({ epoch, version }: Told) => `${epoch}/${version}`;
  return `${socket.userId} (socket ${socket.id}, gateway ${socket.gateway}) was told ${version(told)} of ${told.userId} by ${how}, after ${version(before)}`;
}
