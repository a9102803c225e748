import { type CloseCommand, type GatewayCommand, gatewayCommandSchema } from "@meeshy/shared/events";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import type { Bus, Subscription } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { gatewaySubject } from "@meeshy/shared/subjects";
import type { EventLog } from "../log/event-log.ts";
import { closeConnection } from "./close-connection.ts";
import type { Connections } from "./connections.ts";

/** Carries out what workers ask of this gateway, under any id it has had. */
export function obeyCommands(deps: { bus: Bus; log: EventLog; connections: Connections; logger: Logger }): {
  stop(): void;
} {
  const { bus, log, connections, logger } = deps;

  const carryOut = (command: GatewayCommand) => {
    if (command.type === "close") close(command);
    else log.outOfStep(command.publisher);
  };
  const close = ({ connectionIds, reason }: CloseCommand) => {
    for (const id of connectionIds) {
      const connection = connections.get(id);
      if (connection) closeConnection(connection, reason);
    }
  };

  const subscribe = (subject: string) =>
    bus.subscribe(subject, (message) => {
      try {
        carryOut(gatewayCommandSchema.parse(fromBytes(message.data)));
        message.respond();
      } catch (cause) {
        logger.error({ subject, err: cause }, "command set aside");
      }
    });

  const subscriptions: Subscription[] = [];
  log.onLife((gatewayId) => subscriptions.push(subscribe(gatewaySubject(gatewayId))));
  return {
    stop() {
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };
}
