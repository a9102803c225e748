import { z } from "zod";
import { type Directory, type DirectoryUser, LIST_MAX, PERSON_CONVERSATIONS_MAX } from "../directory.ts";
import { isAnonymousId } from "../ids.ts";
import type { Logger } from "../runtime/logger.ts";
import { MAX_ID_LENGTH } from "../subjects.ts";
import { createJsonClient } from "./json-client.ts";

/** What an application answers (docs/directory.md). Unknown fields are ignored, so that it may answer what it has. */

const id = z.string().min(1).max(MAX_ID_LENGTH);
const USERNAME_MAX = 500;

/** ISO 8601 in an answer, ms since 1970 here */
const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const userAnswer = z.object({
  id,
  username: z.string().max(USERNAME_MAX),
  displayName: z.string().max(USERNAME_MAX).nullish(),
  role: z.enum(["USER", "ADMIN"]).default("USER"),
  isActive: z.boolean().default(true),
  showOnlineStatus: z.boolean().default(true),
  showLastSeen: z.boolean().default(true),
  sessionsRevokedAt: time.nullish(),
});
const conversationsAnswer = z.object({
  conversations: z.array(z.object({ id, title: z.string().nullish() })),
});
const peopleAnswer = z.object({ userIds: z.array(id) });
const sessionAnswer = z.object({
  participantId: id.refine(isAnonymousId, "an id that starts with anon_"),
  username: z.string().max(USERNAME_MAX),
  conversationId: id,
  expiresAt: time.nullish().transform((end) => end ?? null),
});

/** For one attempt: two of them, and the pause between, fit into the time that the gateway waits for a directory. */
const TIMEOUT_MS = 900;

export interface HttpDirectoryOptions {
  url: string;
  token: string | undefined;
  logger: Logger;
  timeoutMs?: number;
}

/**
 * The directory over an application's own endpoints (CONTRACT 6; docs/directory.md), so that a team keeps its
 * user table. Each method rejects when the application cannot be asked (see {@link createJsonClient}), and
 * with `ZodError` for a malformed list or session; a malformed description, or one of another person, counts
 * as no such person; it is logged, and affects no other person. `timeoutMs`: for each of two attempts,
 * default 900.
 */
export function createHttpDirectory(options: HttpDirectoryOptions): Directory {
  const { url, token, logger, timeoutMs = TIMEOUT_MS } = options;
  const client = createJsonClient({ baseUrl: url, token, timeoutMs });

  const user = async (userId: string): Promise<DirectoryUser | undefined> => {
    const answer = await client.get(`/users/${encodeURIComponent(userId)}`);
    if (answer === undefined) return undefined;
    const read = userAnswer.safeParse(answer);
    if (!read.success || read.data.id !== userId) {
      logger.error(
        { userId, issues: read.error?.issues },
        "the directory's description is malformed or of another person",
      );
      return undefined;
    }
    const { displayName = null, sessionsRevokedAt = null, ...rest } = read.data;
    return { ...rest, displayName, sessionsRevokedAt, isAnonymous: isAnonymousId(userId) };
  };

  const list = async <T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    const answer = await client.get(path);
    return answer === undefined ? undefined : schema.parse(answer);
  };

  const membersOf = async (conversationId: string): Promise<string[]> => {
    if (!isAddressable(conversationId)) return [];
    const path = `/conversations/${encodeURIComponent(conversationId)}/members`;
    return (await list(path, peopleAnswer))?.userIds ?? [];
  };

  return {
    async users(ids) {
      const found = await Promise.all([...new Set(ids)].filter(isAddressable).map(user));
      return new Map(found.filter((one) => one !== undefined).map((one) => [one.id, one]));
    },
    async conversations(userId) {
      if (!isAddressable(userId)) return [];
      const answer = await list(`/users/${encodeURIComponent(userId)}/conversations`, conversationsAnswer);
      return (answer?.conversations ?? [])
        .slice(0, PERSON_CONVERSATIONS_MAX + 1)
        .map((one) => ({ id: one.id, title: one.title ?? null }));
    },
    members: async (conversationId) => (await membersOf(conversationId)).slice(0, LIST_MAX + 1),
    async memberCounts(conversationIds) {
      const ids = [...new Set(conversationIds)];
      const counts = await Promise.all(ids.map(async (id) => (await membersOf(id)).length));
      return new Map(ids.map((id, at) => [id, counts[at] ?? 0]));
    },
    async blocks(userId) {
      if (!isAddressable(userId)) return [];
      const answer = await list(`/users/${encodeURIComponent(userId)}/blocks`, peopleAnswer);
      return (answer?.userIds ?? []).slice(0, LIST_MAX + 1);
    },
    async anonymousSessions(sessionTokens) {
      const answers = await Promise.all(
        [...new Set(sessionTokens)].map(async (sessionToken) => {
          const answer = await client.post("/sessions", { sessionToken });
          return answer === undefined ? [] : [[sessionToken, sessionAnswer.parse(answer)] as const];
        }),
      );
      return new Map(answers.flat());
    },
  };
}

/** Whether an id can be part of an address: dots alone are steps in the path even when encoded. */
const isAddressable = (text: string): boolean =>
  text !== "" && text !== "." && text !== ".." && text.isWellFormed() && !text.includes("\0");
