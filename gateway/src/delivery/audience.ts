import type { StatusMessage } from "@meeshy/shared/status";
import type { Connections } from "../connections/connections.ts";
import { conversationRoom, ROOM_ADMINS, userRoom, watchRoom } from "../connections/room-names.ts";
import { type Audience, findAudience, type Rooms } from "../core/audience.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { LargeRooms } from "./large-rooms.ts";

/**
 * Which sockets of this gateway receive a change of a person, and as what: as sharers of a conversation that is not
 * large, as sharers who watch the person, or as administrators; never the person's own sockets (CONTRACT 4).
 */
export interface AudienceFinder {
  /** Whether any socket here may receive it; costs a look at the rooms. */
  hasViewers(person: Located): boolean;
  /** Each socket once. Sharers who have blocked the person, or whom the person has blocked, are left out. */
  receivers(person: Located): Audience;
  /** The sockets in one conversation, large or not, whose people may see the person. */
  viewersIn(conversationId: string, userId: string): string[];
  /** Every socket that follows the person, blocked or not: for those who decide on both sides of a change. */
  followers(person: Located): ReadonlySet<string>;
}

/** A person and the conversations that they are in. */
type Located = Pick<StatusMessage, "userId" | "conversationIds">;

export interface AudienceDeps {
  rooms: Rooms;
  largeRooms: Pick<LargeRooms, "isLarge">;
  connections: Pick<Connections, "ofSocket">;
  directory: Pick<CachedDirectory, "blocks">;
}

const neverBlocked = () => false;

export function createAudienceFinder(deps: AudienceDeps): AudienceFinder {
  const { rooms, largeRooms, connections, directory } = deps;
  const smallRoomsOf = ({ conversationIds }: Located) =>
    conversationIds.filter((id) => !largeRooms.isLarge(id)).map(conversationRoom);

  /**
   * Blocks hold in both directions, and either side's say so: a block between strangers is not announced, and when they
   * meet only the one who came was read anew. While the directory is away neither may be known: then the viewer counts as
   * blocked.
   */
  const blockTest = (userId: string) => {
    const blocks = directory.blocks.peek(userId);
    return (socketId: string): boolean => {
      const viewer = connections.ofSocket(socketId);
      if (!viewer || viewer.blocked.has(userId)) return true;
      return blocks?.has(viewer.userId) ?? directory.blocks.peek(viewer.userId)?.has(userId) ?? true;
    };
  };

  const find = (person: Located, isBlocked: (socketId: string) => boolean) =>
    findAudience(rooms, {
      receiving: smallRoomsOf(person),
      shared: person.conversationIds.map(conversationRoom),
      watchers: watchRoom(person.userId),
      own: userRoom(person.userId),
      isBlocked,
      admins: ROOM_ADMINS,
    });

  return {
    hasViewers: (person) =>
      rooms.has(watchRoom(person.userId)) || smallRoomsOf(person).some((room) => rooms.has(room)),
    receivers: (person) => find(person, blockTest(person.userId)),
    viewersIn(conversationId, userId) {
      const { sharers, admins } = findAudience(rooms, {
        receiving: [conversationRoom(conversationId)],
        shared: [],
        watchers: null,
        own: userRoom(userId),
        isBlocked: blockTest(userId),
        admins: ROOM_ADMINS,
      });
      return [...sharers, ...admins];
    },
    followers(person) {
      const { sharers, admins } = find(person, neverBlocked);
      return new Set([...sharers, ...admins]);
    },
  };
}
