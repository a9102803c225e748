import type { Directory } from "@meeshy/shared/directory";
import type { Erasure } from "@meeshy/shared/ports/erasure";
import { orUnavailable } from "../core/unavailable.ts";
import type { EventLog } from "../log/event-log.ts";
import type { PublishUnnumbered } from "../log/unnumbered-publisher.ts";
import type { DirectoryChanges } from "./directory-changes.ts";

type AccountChange = "profile" | "deactivated" | "deleted" | "sessions-revoked";

/** What happens to an account as a whole (CONTRACT 7, `presence.account`). Each change may be repeated. */
export interface Accounts {
  /**
   * `profile`: the directory has news. `deactivated`: shown hidden, sockets closed, further handshakes
   * refused. `deleted`: nothing of the person's presence stays. `sessions-revoked`: open sockets close, and
   * what was issued before is refused.
   * Rejects with `unavailable` when it cannot be carried out now.
   */
  change(userId: string, change: AccountChange): Promise<void>;
}

export interface AccountDeps {
  source: Pick<Directory, "writer">;
  erasure: Erasure;
  log: Pick<EventLog, "disconnectAll">;
  publishUnnumbered: PublishUnnumbered;
  changes: Pick<DirectoryChanges, "announce">;
}

export function createAccounts({ source, erasure, log, publishUnnumbered, changes }: AccountDeps): Accounts {
  const carryOut: Record<AccountChange, (userId: string) => Promise<unknown>> = {
    profile: changes.announce,
    async deactivated(userId) {
      await source.writer?.deactivate(userId);
      await changes.announce(userId);
      await log.disconnectAll(userId);
    },
    async deleted(userId) {
      await erasure.erase(userId);
      await publishUnnumbered(userId, { type: "deleted" });
    },
    async "sessions-revoked"(userId) {
      await source.writer?.revokeSessions(userId);
      await changes.announce(userId);
      await log.disconnectAll(userId);
    },
  };
  return {
    async change(userId, change) {
      await orUnavailable(() => carryOut[change](userId));
    },
  };
}
