import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";

/** An application that keeps its own people, and answers as docs/directory.md asks of it. */
export interface People {
  users: { id: string; username: string; [field: string]: unknown }[];
  conversations: { id: string; title: string; members: string[] }[];
  /** by whom, and whom */
  blocks: [string, string][];
  sessions: Record<string, { participantId: string; username: string; conversationId: string }>;
}

export interface DirectoryApp {
  url: string;
  people: People;
  /** the requests so far, as `METHOD /path` */
  asked: string[];
  /** Looks at each request first: what it sends is the answer. */
  intercept: (request: FastifyRequest, reply: FastifyReply) => unknown;
  stop(): Promise<void>;
}

export const DIRECTORY_TOKEN = "the directory's token";

export async function startDirectoryApp(
  people: People = { users: [], conversations: [], blocks: [], sessions: {} },
): Promise<DirectoryApp> {
  const server = fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 2_400 } });
  const app: DirectoryApp = {
    url: "",
    people,
    asked: [],
    intercept: () => undefined,
    stop: () => server.close(),
  };
  server.addHook("onRequest", async (request, reply) => {
    app.asked.push(`${request.method} ${request.url}`);
    if (request.headers.authorization !== `Bearer ${DIRECTORY_TOKEN}`) return reply.code(401).send();
    await app.intercept(request, reply);
  });
  answer(server, app);
  app.url = `${await server.listen({ port: 0, host: "127.0.0.1" })}/presence/`;
  return app;
}

function answer(server: FastifyInstance, app: DirectoryApp): void {
  const orNone = (reply: FastifyReply, found: unknown) => found ?? reply.code(404).send({});
  server.get<{ Params: { id: string } }>("/presence/users/:id", ({ params }, reply) =>
    orNone(
      reply,
      app.people.users.find(({ id }) => id === params.id),
    ),
  );
  server.get<{ Params: { id: string } }>("/presence/users/:id/conversations", ({ params }) => ({
    conversations: app.people.conversations
      .filter(({ members }) => members.includes(params.id))
      .map(({ id, title }) => ({ id, title })),
  }));
  server.get<{ Params: { id: string } }>("/presence/users/:id/blocks", ({ params }) => ({
    userIds: [
      ...new Set(
        app.people.blocks
          .filter((pair) => pair.includes(params.id))
          .map(([by, whom]) => (by === params.id ? whom : by)),
      ),
    ],
  }));
  server.get<{ Params: { id: string } }>("/presence/conversations/:id/members", ({ params }, reply) => {
    const found = app.people.conversations.find(({ id }) => id === params.id);
    return orNone(reply, found && { userIds: found.members });
  });
  server.post<{ Body: { sessionToken: string } }>("/presence/sessions", ({ body }, reply) =>
    orNone(reply, app.people.sessions[body.sessionToken]),
  );
}
