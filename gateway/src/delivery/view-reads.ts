import type { Logger } from "@meeshy/shared/runtime/logger";
import type { CachedDirectory } from "../directory/cached-directory.ts";

/** What a view is made of, read into the directory's cache. A failure is logged, and says that the view has to wait. */
export interface ViewReads {
  /** Reads those of the people who are not in the cache. */
  readUnknown(viewerId: string, userIds: ReadonlySet<string>): Promise<"known" | "read" | "failed">;
  /** `false`: the viewer's blocks cannot be read now, so a view could show who must not be seen. */
  readBlocks(viewerId: string): Promise<boolean>;
}

export function createViewReads({
  directory,
  logger,
}: {
  directory: Pick<CachedDirectory, "users" | "blocks">;
  logger: Logger;
}): ViewReads {
  return {
    async readUnknown(viewerId, userIds) {
      const unknown = [...userIds].filter((id) => !directory.users.peek(id));
      if (unknown.length === 0) return "known";
      try {
        await directory.users.getMany(unknown);
        return "read";
      } catch (error) {
        logger.warn({ viewerId, unknown: unknown.length, err: error }, "people of a snapshot cannot be read");
        return "failed";
      }
    },
    async readBlocks(viewerId) {
      try {
        // An answer that was under way when the blocks changed is not what the cache keeps.
        while (!directory.blocks.peek(viewerId)) await directory.blocks.get(viewerId);
        return true;
      } catch (error) {
        logger.warn({ viewerId, err: error }, "blocks of a viewer cannot be read");
        return false;
      }
    },
  };
}
