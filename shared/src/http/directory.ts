import {
  type AnonymousSession,
  type Directory,
  type DirectoryUser,
  LIST_MAX,
  PERSON_CONVERSATIONS_MAX,
} from "../directory.ts";
import { isAnonymousId } from "../ids.ts";
import type { Logger } from "../runtime/logger.ts";
import { readBlocks, readConversations, readMembers, sessionAnswer, userAnswer } from "./answers.ts";
import { createJsonClient } from "./json-client.ts";
import type { DirectoryList } from "./left-out.ts";

/** For one attempt: two of them, and the pause between, fit into the time that the gateway waits for a directory. */
const TIMEOUT_MS = 900;

export interface HttpDirectoryOptions {
  url: string;
  token: string | undefined;
  logger: Logger;
  /** called for each answer with a list of which entries are left out, because they are no ids of people or conversations */
  onLeftOut?: (list: DirectoryList, count: number) => void;
  timeoutMs?: number;
}

/**
 * The directory over an application's own endpoints (CONTRACT 6; docs/directory.md), so that a team keeps its
 * user table. Each method rejects when the application cannot be asked (see {@link createJsonClient}), and
 * with `ZodError` where a list is asked for and there is none. Entries of a list that cannot be read are left out,
 * logged and reported, but those of blocks that may be anyone: they are a failure, too. A malformed description, or one
 * of another person, counts as no such person, a malformed session as none; both are logged, and affect no
 * other person. `timeoutMs`: for each of two attempts, default 900.
 */
export function createHttpDirectory(options: HttpDirectoryOptions): Directory {
  const { url, token, logger, onLeftOut, timeoutMs = TIMEOUT_MS } = options;
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

  const list = async <T>(
    name: DirectoryList,
    path: string,
    read: (answer: unknown) => { entries: T[]; leftOut: number },
  ): Promise<T[]> => {
    const answer = await client.get(path);
    if (answer === undefined) return [];
    const { entries, leftOut } = read(answer);
    if (leftOut > 0) {
      logger.error({ path, count: leftOut }, "entries of the directory's list are left out: they are no ids");
      onLeftOut?.(name, leftOut);
    }
    return entries;
  };

  const session = async (sessionToken: string): Promise<AnonymousSession | undefined> => {
    const answer = await client.post("/sessions", { sessionToken });
    if (answer === undefined) return undefined;
    const read = sessionAnswer.safeParse(answer);
    if (!read.success) logger.error({ issues: read.error.issues }, "the directory's session is malformed");
    return read.data;
  };

  const membersOf = async (conversationId: string): Promise<string[]> =>
    isAddressable(conversationId)
      ? list("members", `/conversations/${encodeURIComponent(conversationId)}/members`, readMembers)
      : [];

  return {
    async users(ids) {
      const found = await Promise.all([...new Set(ids)].filter(isAddressable).map(user));
      return new Map(found.filter((one) => one !== undefined).map((one) => [one.id, one]));
    },
    async conversations(userId) {
      if (!isAddressable(userId)) return [];
      const path = `/users/${encodeURIComponent(userId)}/conversations`;
      return (await list("conversations", path, readConversations)).slice(0, PERSON_CONVERSATIONS_MAX + 1);
    },
    members: async (conversationId) => (await membersOf(conversationId)).slice(0, LIST_MAX + 1),
    async memberCounts(conversationIds) {
      const ids = [...new Set(conversationIds)];
      const counts = await Promise.all(ids.map(async (id) => (await membersOf(id)).length));
      return new Map(ids.map((id, at) => [id, counts[at] ?? 0]));
    },
    async blocks(userId) {
      if (!isAddressable(userId)) return [];
      const path = `/users/${encodeURIComponent(userId)}/blocks`;
      return (await list("blocks", path, readBlocks)).slice(0, LIST_MAX + 1);
    },
    async anonymousSessions(sessionTokens) {
      const tokens = [...new Set(sessionTokens)];
      const sessions = await Promise.all(tokens.map(session));
      return new Map(
        tokens.flatMap((token, at) => (sessions[at] === undefined ? [] : [[token, sessions[at]] as const])),
      );
    },
  };
}

/** Whether an id can be part of an address: dots alone are steps in the path even when encoded. */
const isAddressable = (text: string): boolean =>
  text !== "" && text !== "." && text !== ".." && text.isWellFormed() && !text.includes("\0");
