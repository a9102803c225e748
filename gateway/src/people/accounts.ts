import { deletePerson } from "@meeshy/shared/db/accounts";
import type { Database } from "@meeshy/shared/db/client";
import type { Directory } from "@meeshy/shared/directory";
import { orUnavailable } from "../core/unavailable.ts";
import type { EventLog } from "../log/event-log.ts";
import type { WriteOrder } from "../log/orders.ts";
import type { DirectoryChanges } from "./directory-changes.ts";

export type AccountChange = "profile" | "deactivated" | "deleted" | "sessions-revoked";

/** What happens to an account as a whole (CONTRACT 7, `presence.account`). Each change may be repeated. */
export interface Accounts {
  /**
   * `profile`: the directory has news. `deactivated`: shown hidden, sockets closed, further handshakes
   * refused. `deleted`: nothing of the person's presence stays. `sessions-revoked`: open sockets close.
   * Rejects with `unavailable` when it cannot be carried out now.
   */
  change(userId: string, change: AccountChange): Promise<void>;
}

export interface AccountDeps {
  source: Directory;
  db: Database;
  log: EventLog;
  order: WriteOrder;
  changes: DirectoryChanges;
}

export function createAccounts({ source, db, log, order, changes }: AccountDeps): Accounts {
  const carryOut: Record<AccountChange, (userId: string) => Promise<unknown>> = {
    profile: changes.announce,
    async deactivated(userId) {
      await source.writer?.deactivate(userId);
      await changes.announce(userId);
      await log.disconnectAll(userId);
    },
    async deleted(userId) {
      await deletePerson(db, userId);
      await order(userId, { type: "deleted" });
    },
    "sessions-revoked": log.disconnectAll,
  };
  return {
    async change(userId, change) {
      await orUnavailable(() => carryOut[change](userId));
    },
  };
}
