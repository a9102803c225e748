import { createSecretKey } from "node:crypto";
import { createServer } from "node:http";
import { Server, type Socket } from "socket.io";
import { verifyToken } from "../../gateway/src/auth/verify-token.ts";

/** What all peers have in common: the JWT check of Meeshy's gateways, and the same payloads. */

export interface PeerSocket {
  socket: Socket;
  userId: string;
}

export interface Peer {
  io: Server;
  onConnection(serve: (peer: PeerSocket) => void | Promise<void>): void;
  /** Counts work that must be over before the process ends. */
  track(work: Promise<unknown>): void;
  /** Listens; on SIGTERM closes the sockets, waits for the work that this causes, then calls `close`. */
  listen(close: () => Promise<unknown>): void;
}

export function createPeer(env: NodeJS.ProcessEnv): Peer {
  const key = { key: createSecretKey(Buffer.from(env.JWT_SECRET ?? "")), algorithms: ["HS256" as const] };
  const rules = {
    keyFor: () => key,
    clockToleranceS: 30,
    brokerTime: () => undefined,
    issuer: undefined,
    audience: undefined,
    userClaims: ["userId", "sub"],
    admin: { claim: "role", value: "ADMIN" },
    service: { claim: "role", value: "SERVICE" },
  };
  const http = createServer();
  const io = new Server(http, { serveClient: false });
  const working = new Set<Promise<unknown>>();
  io.use((socket, next) => {
    verifyToken(String(socket.handshake.auth.token), rules).then(({ userId }) => {
      socket.data.userId = userId;
      next();
    }, next);
  });
  const track = (work: Promise<unknown>) => {
    working.add(work);
    work.catch((error) => console.error(error)).finally(() => working.delete(work));
  };
  return {
    io,
    track,
    onConnection(serve) {
      io.on("connection", (socket) => {
        const serving = serve({ socket, userId: socket.data.userId as string });
        if (serving) track(serving);
      });
    },
    listen(close) {
      http.listen(Number(env.PORT), "127.0.0.1");
      process.once("SIGTERM", async () => {
        io.local.disconnectSockets(true);
        while (working.size > 0) await Promise.allSettled(working);
        await close();
        process.exit(0);
      });
    },
  };
}

export const userRoom = (userId: string): string => `user_${userId}`;

export function confirmSignIn({ socket, userId }: PeerSocket): void {
  const user = { id: userId, username: userId, isAnonymous: false };
  socket.emit("authenticated", { success: true, user, connectionId: socket.id });
}
