import type { Finding } from "../finding.ts";
import type { Connection, History, Row, Status } from "../history.ts";

/** Negative: `a` is older than `b`. Newer = greater (epoch, version) (CONTRACT 4). */
export function compareVersions(a: Row, b: Row): number {
  return a.epoch - b.epoch || a.version - b.version;
}

/**
 * Out of order: a `user:status` older than one that the same socket was given before. Visible twice: one of the
 * same version. Versions down: any status, by itself or in a snapshot, older than what the same client has seen
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
  const seen = new Map<string, Status>();
  for (const socket of sockets) {
    const statuses = new Map<string, Status>();
    for (const received of socket.received) {
      if (received.kind === "message") continue;
      const isStatus = received.kind === "status";
      for (const status of isStatus ? [received] : received.users) {
        const former = statuses.get(status.userId);
        const order = former && isStatus ? compareVersions(status, former) : 1;
        const known = seen.get(status.userId);
        const note = (column: Finding["column"], before: Status) =>
          findings.push({
            column,
            at: received.at,
            about: status.userId,
            text: describe(socket, status, before, received.kind),
          });
        if (former && order < 0) note("out of order", former);
        else if (former && order === 0) note("visible twice", former);
        else if (known && compareVersions(status, known) < 0) note("versions down", known);
        if (isStatus && order > 0) statuses.set(status.userId, status);
        if (!known || compareVersions(status, known) > 0) seen.set(status.userId, status);
      }
    }
  }
  return findings;
}

function describe(socket: Connection, status: Status, before: Status, how: string): string {
  const version = ({ epoch, version }: Status) => `${epoch}/${version}`;
  return `${socket.userId} (socket ${socket.id}, gateway ${socket.gateway}) received ${version(status)} of ${status.userId} in a ${how}, after ${version(before)}`;
}
