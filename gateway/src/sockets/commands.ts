import { type GatewayCommand, gatewayCommandSchema } from "@meeshy/shared/events";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { gatewaySubject, SUBJECT_GATEWAYS } from "@meeshy/shared/subjects";
import type { EventLog } from "../log/event-log.ts";
import type { Connections } from "./connections.ts";

/** Carries out what workers ask of this gateway, under any id it has had, or of all gateways. */
export function obeyCommands(deps: {
  link: NatsLink;
  log: EventLog;
  connections: Connections;
  logger: Logger;
}): { stop(): void } {
  const { link, log, connections, logger } = deps;

  const closeConnections = ({ connectionIds, reason }: Extract<GatewayCommand, { type: "close" }>) => {
    for (const id of connectionIds) {
      const connection = connections.get(id);
      if (!connection) continue;
      connection.closeReason = reason;
      if (reason === "replaced") connection.socket.emit("session:replaced");
      connection.socket.disconnect();
    }
  };

  const obey = (command: GatewayCommand) => {
    if (command.type === "close") closeConnections(command);
    else log.renew("the log was lost");
  };

  const subscribe = (subject: string) =>
    link.nc.subscribe(subject, {
      callback: (error, message) => {
        if (error) return;
        try {
          obey(gatewayCommandSchema.parse(message.json()));
        } catch (cause) {
          logger.error({ subject, err: cause }, "command set aside");
        }
      },
    });

  const subscriptions = [subscribe(SUBJECT_GATEWAYS)];
  log.onLife((gatewayId) => subscriptions.push(subscribe(gatewaySubject(gatewayId))));
  return {
    stop() {
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };
}
