import { ERRORS, errorBody, PresenceError } from "@meeshy/shared/codes";
import type { Profile } from "@meeshy/shared/events";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { authenticate, type Identity } from "../auth/authenticate.ts";
import { credentialsOfHandshake } from "../auth/credentials.ts";
import type { TokenRules } from "../auth/verify-token.ts";
import { clientAddress } from "../core/client-address.ts";
import { type LastShown, toProfile, withoutStored, withStored } from "../core/profile.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { Limits } from "../limits/limits.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { Admission } from "./admission.ts";
import type { PresenceServer, PresenceSocket } from "./socket-server.ts";

/** What a socket brings through the door. */
export interface Admitted {
  identity: Identity;
  conversationIds: string[];
  profile: Profile;
  blocked: ReadonlySet<string>;
  directoryVersion: number;
  device: string | null;
}

export interface HandshakeDeps {
  directory: CachedDirectory;
  feed: Pick<StatusFeed, "shown">;
  lastShown: (userId: string) => LastShown;
  rules: TokenRules;
  limits: Limits;
  isDraining: () => boolean;
  admission: Pick<Admission, "handshake">;
  metrics: GatewayMetrics;
  logger: Logger;
}

const DEVICE_MAX_LENGTH = 100;
const DRAINING_RETRY_MS = 1_000;
/** The worker looks at the stored row when it has no record of its own, which outlives what it stores by more. */
const STORED_MAX_AGE_MS = 1_000;

/** Lets in who proves who they are; refusals are `connect_error` with `data` as of CONTRACT 3. */
export function guardHandshakes(
  io: PresenceServer,
  deps: HandshakeDeps,
  { trustedProxies }: { trustedProxies: number },
): void {
  const addressOf = ({ handshake: { address, headers } }: PresenceSocket) =>
    clientAddress(address, headers["x-forwarded-for"]?.toString(), trustedProxies);
  io.use((socket, next) => {
    const done = deps.admission.handshake();
    admit(socket, addressOf(socket), deps).then(
      (admitted) => {
        done();
        deps.metrics.authRequests.inc({ result: "ok" });
        Object.assign(socket.data, admitted);
        next();
      },
      (error: unknown) => {
        done();
        const body = errorBody(error);
        deps.metrics.authRequests.inc({ result: body.code });
        if (ERRORS[body.code].http >= 500) deps.logger.warn({ err: error }, "handshake refused");
        else deps.logger.debug({ code: body.code, err: error }, "handshake refused");
        next(Object.assign(new Error(body.message), { data: body }));
      },
    );
  });
}

async function admit(socket: PresenceSocket, address: string | null, deps: HandshakeDeps): Promise<Admitted> {
  if (deps.isDraining()) {
    throw new PresenceError("unavailable", "This gateway is stopping.", { retryAfterMs: DRAINING_RETRY_MS });
  }
  const { directory, feed, limits } = deps;
  limits.connectFrom(address);
  let directoryVersion = 0;
  const identity = await authenticate(credentialsOfHandshake(socket.handshake), deps, (userId) => {
    directoryVersion = feed.shown(userId)?.directoryVersion ?? 0;
    directory.meet(userId);
  });
  const { user } = identity;
  limits.connectOf(user.id);
  const [conversations, stored, blocked] = await Promise.all([
    directory.conversations.get(user.id),
    directory.presences.getFresh([user.id], STORED_MAX_AGE_MS).catch(() => undefined),
    directory.blocks.get(user.id),
  ]);
  const conversationIds = (conversations ?? []).map(({ id }) => id);
  const profile = toProfile({ user, conversationIds, stored: undefined });
  const { device } = socket.handshake.auth;
  return {
    identity,
    conversationIds,
    profile: stored
      ? withStored(profile, stored.get(user.id))
      : withoutStored(profile, deps.lastShown(user.id)),
    blocked: blocked ?? new Set(),
    directoryVersion,
    device: typeof device === "string" && device !== "" ? device.slice(0, DEVICE_MAX_LENGTH) : null,
  };
}
