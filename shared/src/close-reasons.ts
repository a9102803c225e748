import type { Cause } from "./status.ts";

/**
 * Why connections end: the one table of it. Gateways close and log by it, workers take the cause from it, and the tables
 * in `docs/CONTRACT.md` and `docs/asyncapi.json` are written from it by `node bin/asyncapi.ts`.
 */
interface CloseReason {
  /** 4000 to 4499: stock clients come back by themselves. 4500 to 4999: they stay away. Never used for another reason. */
  code: number;
  /** Why a person is shown offline whose last connection ended so. Anything but `connection-lost` is a clean end: no grace. */
  cause: Extract<Cause, "connection-lost" | "disconnect" | "admin">;
  /** who ends it: Socket.IO by its own rules, a gateway, or a worker by a command to a gateway (or that gateway itself) */
  by: "socket.io" | "gateway" | "worker";
  /** the event that the client is sent first */
  notice?: "session:replaced" | "auth:expired";
  meaning: string;
}

const LOST = { cause: "connection-lost", by: "socket.io" } as const;

export const CLOSE_REASONS = {
  "transport close": { code: 4000, ...LOST, meaning: "the network connection was closed" },
  "transport error": { code: 4001, ...LOST, meaning: "the network connection failed" },
  "ping timeout": { code: 4002, ...LOST, meaning: "the client stopped answering pings" },
  "forced close": { code: 4003, ...LOST, meaning: "the transport was closed by the server" },
  "forced server close": { code: 4004, ...LOST, meaning: "the client did not join the namespace in time" },
  "parse error": { code: 4005, ...LOST, meaning: "the client sent what is no packet" },
  "server shutting down": { code: 4006, ...LOST, meaning: "the gateway is draining" },
  "slow consumer": {
    code: 4007,
    cause: "connection-lost",
    by: "gateway",
    meaning: "the client reads more slowly than it is sent to",
  },
  "client namespace disconnect": {
    code: 4500,
    cause: "disconnect",
    by: "socket.io",
    meaning: "the client left",
  },
  "server namespace disconnect": { code: 4501, ...LOST, meaning: "the server disconnected the namespace" },
  admin: {
    code: 4502,
    cause: "admin",
    by: "worker",
    meaning: "an administrator closed it, or the account is gone",
  },
  replaced: {
    code: 4503,
    cause: "connection-lost",
    by: "worker",
    notice: "session:replaced",
    meaning: "a newer connection replaced it",
  },
  "token expired": {
    code: 4504,
    cause: "connection-lost",
    by: "gateway",
    notice: "auth:expired",
    meaning: "its token expired",
  },
} as const satisfies Record<string, CloseReason>;

export type CloseReasonName = keyof typeof CLOSE_REASONS;

/** The reasons for which one of these ends a connection. */
type ReasonsBy<B extends CloseReason["by"]> = {
  [R in CloseReasonName]: (typeof CLOSE_REASONS)[R]["by"] extends B ? R : never;
}[CloseReasonName];
/** Reasons for which a gateway closes a connection. */
export type ServerCloseReason = ReasonsBy<"gateway" | "worker">;
/** Those of them that a worker may give. */
export type CommandedCloseReason = ReasonsBy<"worker">;

const namesBy = (by: CloseReason["by"]) =>
  Object.entries(CLOSE_REASONS).flatMap(([name, reason]) => (reason.by === by ? [name] : []));
export const COMMANDED_CLOSE_REASONS = namesBy("worker") as CommandedCloseReason[];

/** The reason of a connection whose client fell silent. */
export const PING_TIMEOUT = "ping timeout" satisfies CloseReasonName;

const FIRST_FINAL_CODE = 4500;
const byName: ReadonlyMap<string, CloseReason> = new Map(Object.entries(CLOSE_REASONS));

/** The reason's row; `undefined` of a reason that is unknown to this release. */
export const closeReason = (name: string): CloseReason | undefined => byName.get(name);
/** Why the last connection's person is shown offline. A reason that is not known counts as a loss. */
export const closeCause = (name: string): CloseReason["cause"] =>
  closeReason(name)?.cause ?? "connection-lost";
/** Whether the end leaves no doubt that the client is gone: no grace is given. */
export const isCleanClose = (name: string): boolean => closeCause(name) !== "connection-lost";
/** Whether stock clients connect again by themselves. */
export const isReconnecting = (name: CloseReasonName): boolean => CLOSE_REASONS[name].code < FIRST_FINAL_CODE;
