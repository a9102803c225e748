import type { Json } from "./messages.ts";
import { describeSockets } from "./sockets.ts";
import { describeSubjects } from "./subjects.ts";

/** The AsyncAPI 3 document of what the service sends and receives (CONTRACT 4 and 7). */
export function asyncApiDocument(): Json {
  const sockets = describeSockets();
  const subjects = describeSubjects();
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Meeshy presence",
      version: "1.0.0",
      description:
        "Who is online. A status with a greater (epoch, version) replaces an older one. Over Socket.IO for people, over NATS for other services; HTTP is described at `/api/openapi.json`.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    servers: {
      gateway: {
        host: "localhost:8000",
        pathname: "/socket.io/",
        protocol: "ws",
        description: "Socket.IO 4, over websocket or polling, on every gateway",
        security: [
          {
            type: "http",
            scheme: "bearer",
            bearerFormat: "JWT",
            description: "`auth.token` of the handshake",
          },
        ],
      },
      nats: {
        host: "localhost:4222",
        protocol: "nats",
        description: "Users `external` and `service`; inboxes start with `_INBOX_<user>`",
        security: [{ type: "userPassword" }],
      },
    },
    channels: { ...sockets.channels, ...subjects.channels },
    operations: { ...sockets.operations, ...subjects.operations },
  };
}
