import type { GatewayCommand, SelfNotice } from "@meeshy/shared/events";
import { toBytes } from "@meeshy/shared/nats/last-value";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { gatewaySubject, selfSubject } from "@meeshy/shared/subjects";
import { versioned } from "@meeshy/shared/versions";

type OutOfStepCommand = Extract<GatewayCommand, { type: "out-of-step" }>;

const ANSWER_MS = 1_000;
const ATTEMPTS = 3;
/** A gateway that is just reconnecting has no subscription for a moment, which is answered at once. */
const RETRY_MS = 500;

/**
 * Orders a gateway to close sockets, until it answers. A gateway that does not answer is dead or about to
 * be declared lost, and its sockets with it; one that lives compares its connections with the records.
 */
export async function commandGateway(
  bus: Bus,
  gatewayId: string,
  command: GatewayCommand,
  logger: Logger,
): Promise<void> {
  const data = toBytes(versioned("command", command));
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      await bus.request(gatewaySubject(gatewayId), data, ANSWER_MS);
      return;
    } catch (error) {
      logger.warn({ gatewayId, attempt, err: error }, "gateway does not answer");
      if (attempt < ATTEMPTS) await bus.clock.sleep(RETRY_MS);
    }
  }
}

/** Sends each gateway with a connection of the person what the person's own devices are to know. */
export function informGateways(
  bus: Bus,
  notice: SelfNotice,
  connections: readonly { gatewayId: string }[],
): void {
  const data = toBytes(versioned("command", notice));
  for (const gatewayId of new Set(connections.map((connection) => connection.gatewayId)))
    bus.publish(selfSubject(gatewayId), data);
}

/**
 * Informs a publisher that nothing more of its is accepted in a partition: a gateway then begins a new life. Sent once
 * and not waited for, since it is sent again for as long as that lasts.
 */
export function reportOutOfStep(bus: Bus, command: Omit<OutOfStepCommand, "type">): void {
  bus.publish(
    gatewaySubject(command.publisher),
    toBytes(versioned("command", { type: "out-of-step", ...command })),
  );
}
