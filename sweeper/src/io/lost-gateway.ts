import { toBytes } from "@meeshy/shared/nats/last-value";
import type { LeaseBoard, LeaseEntry } from "@meeshy/shared/nats/lease-board";
import { type Bus, isConflict } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { PARTITIONS, partitionSubject } from "@meeshy/shared/subjects";
import { versioned } from "@meeshy/shared/versions";

/**
 * Tells the log that a gateway is lost, in steps that any sweeper may finish (DESIGN "sweeper"): mark its
 * entry, by compare-and-set, so that the gateway learns of it should it still live; tell every partition;
 * remove the entry. Repeats are harmless.
 */
export interface LostGateways {
  /** Marks the entry as it was seen, then tells. Does nothing when the gateway has changed it meanwhile. */
  declare(gatewayId: string, entry: LeaseEntry): Promise<void>;
  /** Goes on from an entry that is marked already. */
  finish(gatewayId: string, entry: LeaseEntry): Promise<void>;
}

export function createLostGateways(bus: Bus, board: LeaseBoard, logger: Logger): LostGateways {
  /** keys at work, and keys that are removed until the board shows it */
  const underway = new Set<string>();
  board.onChange((key) => {
    if (board.get(key) === undefined) underway.delete(key);
  });

  const tell = async (gatewayId: string) => {
    const data = toBytes(versioned("logMessage", { event: { type: "gateway-lost", gatewayId } }));
    await Promise.all(
      Array.from({ length: PARTITIONS }, (_, p) => bus.acks.publish(partitionSubject("sweep", p), data)),
    );
  };

  /** One attempt at a time; what fails is tried again at the next look at the board. */
  const attempt = async (gatewayId: string, key: string, mark: () => Promise<number>) => {
    if (underway.has(key) || !bus.isUp()) return;
    underway.add(key);
    try {
      const revision = await mark();
      await tell(gatewayId);
      await board.remove(key, revision);
      logger.warn({ gatewayId }, "gateway lost, every partition told");
    } catch (error) {
      underway.delete(key);
      if (isConflict(error)) logger.info({ gatewayId }, "gateway's entry was changed by another");
      else logger.warn({ gatewayId, err: error }, "cannot declare the gateway lost yet");
    }
  };

  return {
    declare: (gatewayId, { key, value, revision }) =>
      attempt(gatewayId, key, () => board.put(key, { ...(value as object), lost: true }, revision)),
    finish: (gatewayId, { key, revision }) => attempt(gatewayId, key, async () => revision),
  };
}
