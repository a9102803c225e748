import type { Availability, LifecycleState } from "@meeshy/shared/status";

/** What the administrators' routes answer (CONTRACT 5). Times are ISO-8601 UTC. */

/** `GET /api/admin/maintenance/stats`. */
export interface Stats {
  maintenanceActive: boolean;
  lastCleanupAt: string | null;
  lastCleanupDurationMs: number | null;
  zombiesCleanedTotal: number;
  zombiesCleanedPerMinute: number;
  totalUsersOnline: number;
  totalUsersActive: number;
  activeConnections: number;
  sweeper: { state: "running" | "paused"; reason?: string };
  gateways: number;
  workers: number;
}

export interface OpenConnection {
  connectionId: string;
  /** `service`: a session that another service keeps */
  gatewayId: string;
  device: string | null;
  since: string;
  /** it keeps no one online */
  passive: boolean;
}

/** One row of `GET /api/admin/users`. */
export interface Person {
  userId: string;
  username: string | null;
  displayName: string | null;
  isAnonymous: boolean;
  state: LifecycleState;
  shownOnline: boolean;
  availability: Availability;
  statusText: string | null;
  lastActiveAt: string | null;
  connections: OpenConnection[];
  deadline: string | null;
  cause: string | null;
}

export interface PeoplePage {
  users: Person[];
  nextCursor: string | null;
  stale?: boolean;
}

export const PEOPLE_FILTERS = ["online", "zombie", "offline", "invisible"] as const;
export type PeopleFilter = (typeof PEOPLE_FILTERS)[number];

export interface Choice {
  availability: Availability;
  statusText: string | null;
  expiresAt: string | null;
}

export interface Transition {
  epoch: number;
  version: number;
  at: string;
  from: string;
  to: string;
  cause: string;
  connectionId?: string | null | undefined;
  traceId?: string | null | undefined;
}

/** One event of `GET /api/admin/transitions`. */
export interface LiveTransition extends Transition {
  userId: string;
}

/** `GET /api/admin/users/:userId/presence`: why a person is shown as they are; transitions newest first. */
export interface Explanation {
  userId: string;
  state: LifecycleState;
  deadline: string | null;
  ownAvailability: Choice;
  choices: {
    standing: Pick<Choice, "availability" | "statusText">;
    timed: Choice | null;
    services: (Choice & { source: string })[];
  };
  connections: OpenConnection[];
  transitions: Transition[];
}

export interface Partition {
  partition: number;
  /** the worker that has claimed it; null: none */
  owner: string | null;
  /** 0: no checkpoint is known */
  epoch: number;
  /** log sequence that the last checkpoint covers */
  position: number;
  /** age of the last message covered, when the checkpoint was written */
  lagMs: number | null;
  isServed: boolean;
  checkpointAt: string | null;
}

interface Heartbeat {
  lastBeatAt: string;
  isSilent: boolean;
}

interface WorkerProcess extends Heartbeat {
  workerId: string;
  partitions: number;
  usersOnline: number;
}

interface GatewayProcess extends Heartbeat {
  gatewayId: string;
  connections: number;
  users: number;
}

interface SweeperProcess extends Heartbeat {
  sweeperId: string;
  state: "running" | "paused";
  reason: string | null;
}

/** `GET /api/admin/partitions`. */
export interface Processes {
  partitions: Partition[];
  workers: WorkerProcess[];
  gateways: GatewayProcess[];
  sweepers: SweeperProcess[];
}

/** `GET /health/ready`; without `reasons` the gateway is ready. */
export interface Readiness {
  status: string;
  reasons?: string[];
}
