import { toBytes } from "@meeshy/shared/nats/last-value";
import type { LeaseBoard, LeaseEntry } from "@meeshy/shared/nats/lease-board";
import { type Bus, isConflict } from "@meeshy/shared/ports/bus";
import { MESSAGING, messagingAttributes, type Tracer } from "@meeshy/shared/ports/tracing";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { PARTITIONS, partitionSubject } from "@meeshy/shared/subjects";
import { versioned } from "@meeshy/shared/versions";

/**
 * Writes into the log that a gateway is lost, in steps that any sweeper may finish (ARCHITECTURE "sweeper"): mark its
 * entry, by compare-and-set, so that the gateway learns of it if it still lives; write `gateway-lost` to every
 * partition; remove the entry. Repeats are harmless.
 */
export interface LostGateways {
  /** Marks the entry as it was seen, then goes on. Does nothing when the gateway has changed it meanwhile. */
  declare(gatewayId: string, entry: LeaseEntry): Promise<void>;
  /** Goes on from an entry that is marked already. */
  finish(gatewayId: string, entry: LeaseEntry): Promise<void>;
}

export function createLostGateways(
  bus: Bus,
  board: LeaseBoard,
  tracer: Tracer,
  logger: Logger,
): LostGateways {
  /** keys at work, and keys that are removed until the board shows it */
  const underway = new Set<string>();
  board.onChange((key) => {
    if (board.get(key) === undefined) underway.delete(key);
  });

  const announce = async (gatewayId: string, parent: string | undefined) => {
    const span = tracer.start(`send ${MESSAGING.log}`, {
      kind: "producer",
      parent,
      attributes: {
        ...messagingAttributes("send", MESSAGING.log),
        "messaging.batch.message_count": PARTITIONS,
      },
    });
    const { traceparent } = span;
    const data = toBytes(
      versioned("logMessage", {
        event: { type: "gateway-lost", gatewayId },
        ...(traceparent === undefined ? {} : { traceparent }),
      }),
    );
    try {
      await Promise.all(
        Array.from({ length: PARTITIONS }, (_, p) => bus.acks.publish(partitionSubject("sweep", p), data)),
      );
    } finally {
      span.end();
    }
  };

  /** One attempt at a time; what fails is tried again at the next look at the board. */
  const attempt = async (gatewayId: string, key: string, mark: () => Promise<number>) => {
    if (underway.has(key) || !bus.isUp()) return;
    underway.add(key);
    const span = tracer.start("declare gateway lost", { kind: "internal", always: true });
    try {
      const revision = await mark();
      await announce(gatewayId, span.traceparent);
      await board.remove(key, revision);
      logger.warn({ gatewayId }, "gateway lost, written to every partition");
    } catch (error) {
      underway.delete(key);
      if (isConflict(error)) logger.info({ gatewayId }, "gateway's entry was changed by another");
      else logger.warn({ gatewayId, err: error }, "cannot declare the gateway lost yet");
    } finally {
      span.end();
    }
  };

  return {
    declare: (gatewayId, { key, value, revision }) =>
      attempt(gatewayId, key, () => board.put(key, { ...(value as object), lost: true }, revision)),
    finish: (gatewayId, { key, revision }) => attempt(gatewayId, key, async () => revision),
  };
}
