import { toLabel } from "@meeshy/shared/client-text";
import { errorBody, isOwnFault, PresenceError } from "@meeshy/shared/codes";
import type { Span, Tracer } from "@meeshy/shared/ports/tracing";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { AuthRules } from "../auth/authenticate.ts";
import { countRefusals, identify, verifyCredentials } from "../auth/authenticate.ts";
import { credentialsOfHandshake } from "../auth/credentials.ts";
import { closeTransport, givePid, holdFrames } from "../connections/engine-internals.ts";
import type { Admitted, PresenceServer, PresenceSocket } from "../connections/socket-server.ts";
import { clientAddress } from "../core/client-address.ts";
import { type LastShown, toProfile, withoutStored, withStored } from "../core/profile.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { Limits } from "../limits/limits.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { AdmissionControl } from "./admission.ts";
import { createPid, readArrival } from "./arrival.ts";
import { createTransportAttempts, type TransportAttempts } from "./transport-attempts.ts";

export interface HandshakeDeps {
  directory: CachedDirectory;
  feed: Pick<StatusFeed, "shown">;
  lastShown: (userId: string) => LastShown;
  rules: AuthRules;
  limits: Limits;
  admission: Pick<AdmissionControl, "handshake" | "isClosed">;
  metrics: GatewayMetrics;
  tracer: Tracer;
  logger: Logger;
}

type AdmittedPerson = Omit<Admitted, "sendHeld">;

const DEVICE_MAX_BYTES = 100;
const DRAINING_RETRY_MS = 1_000;
/** The worker looks at the stored row when it has no record of its own, which outlives what it stores by more. */
const STORED_MAX_AGE_MS = 1_000;

/**
 * Lets in who proves who they are. Refusals are `connect_error` with `data` as of CONTRACT 3; for those that may be tried
 * again the transport closes.
 */
export function guardHandshakes(
  io: PresenceServer,
  deps: HandshakeDeps,
  { trustedProxies }: { trustedProxies: number },
): void {
  const addressOf = ({ handshake: { address, headers } }: PresenceSocket) =>
    clientAddress(address, headers["x-forwarded-for"]?.toString(), trustedProxies);
  const attempts = createTransportAttempts();
  io.use((socket, next) => {
    const done = deps.admission.handshake();
    const span = deps.tracer.start("handshake", {
      kind: "server",
      parent: textOf(socket.handshake.auth.traceparent) ?? textOf(socket.handshake.headers.traceparent),
      always: true,
    });
    attempt(socket, attempts, () => admit(socket, addressOf(socket), span, deps)).then(
      (admitted) => {
        done();
        span.end();
        deps.metrics.authRequests.inc({ result: "ok" });
        Object.assign(socket.data, admitted, { sendHeld: holdFrames(socket) });
        givePid(socket, createPid(admitted.identity.user.id));
        next();
      },
      (error: unknown) => {
        done();
        const body = errorBody(error);
        span.end({ attributes: { "error.type": body.code }, ...(isOwnFault(body.code) ? { error } : {}) });
        deps.metrics.authRequests.inc({ result: body.code });
        if (isOwnFault(body.code)) deps.logger.warn({ err: error }, "handshake refused");
        else deps.logger.debug({ code: body.code, err: error }, "handshake refused");
        // A refusal of the namespace ends a stock client's own attempts: after a lost transport it goes on with them.
        if (body.retryable) closeTransport(socket);
        else next(Object.assign(new Error(body.message), { data: body }));
      },
    );
  });
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

async function attempt(
  socket: PresenceSocket,
  attempts: TransportAttempts,
  admitIt: () => Promise<AdmittedPerson>,
): Promise<AdmittedPerson> {
  const end = attempts.begin(socket);
  const admitted = await admitIt();
  end();
  return admitted;
}

async function admit(
  socket: PresenceSocket,
  address: string | null,
  { traceparent }: Span,
  deps: HandshakeDeps,
): Promise<AdmittedPerson> {
  if (deps.admission.isClosed()) {
    throw new PresenceError("unavailable", "This gateway is stopping.", { retryAfterMs: DRAINING_RETRY_MS });
  }
  const { directory, feed, limits } = deps;
  limits.connectFrom(address);
  const credentials = credentialsOfHandshake(socket.handshake);
  const known = { ...deps, from: { address, limits } };
  const claim = await countRefusals(credentials, known, verifyCredentials(credentials, known));
  const { userId } = claim;
  // Noted before the directory is read: a change that comes meanwhile is greater.
  const directoryVersion = feed.shown(userId)?.directoryVersion ?? 0;
  const reading = deps.tracer.start("read directory", { kind: "client", parent: traceparent });
  const [{ user, conversationIds, blocked }, stored] = await Promise.all([
    directory.person(userId),
    directory.presences.getFresh([userId], STORED_MAX_AGE_MS).catch(() => undefined),
  ]).finally(() => reading.end());
  const identity = identify(claim, user, deps.rules);
  limits.connectOf(userId);
  const profile = toProfile({ user: identity.user, conversationIds, stored: undefined });
  const { device } = socket.handshake.auth;
  return {
    identity,
    conversationIds,
    profile: stored
      ? withStored(profile, stored.get(userId))
      : withoutStored(profile, deps.lastShown(userId)),
    blocked,
    directoryVersion,
    arrival: readArrival(socket.handshake.auth, userId),
    traceparent,
    device: typeof device === "string" ? toLabel(device, DEVICE_MAX_BYTES) || null : null,
  };
}
