import { type CloseCommand, type GatewayCommand, gatewayCommandSchema } from "@meeshy/shared/events";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import type { Bus, Subscription } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { gatewaySubject } from "@meeshy/shared/subjects";
import { closeConnection } from "../connections/close-connection.ts";
import type { Connections } from "../connections/connections.ts";
import type { EventLog } from "../log/event-log.ts";

/** Carries out what workers ask of this gateway, under its id and those it had before. */
export interface GatewayCommands {
  /** Takes commands under this id too, and under the latest before it. */
  listenAs(gatewayId: string): void;
  stop(): void;
}

export interface CommandDeps {
  bus: Bus;
  log: Pick<EventLog, "outOfStep">;
  connections: Connections;
  logger: Logger;
}

/** Ids listened to: a record names a former one until the connection is announced again. */
const KEPT_IDS = 8;

export function handleCommands(deps: CommandDeps): GatewayCommands {
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
  return {
    listenAs(gatewayId) {
      subscriptions.push(subscribe(gatewaySubject(gatewayId)));
      if (subscriptions.length > KEPT_IDS) subscriptions.shift()?.unsubscribe();
    },
    stop() {
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };
}
