import type { UserRecord } from "../core/record.ts";

/** What of a record decides its published status. */
type Published = Pick<UserRecord, "shown" | "directoryVersion" | "renewedAt">;

/**
 * While the log is read to its end no status is published: at the end only the last one of each user is, and only if
 * viewers cannot have it already.
 */
export class CatchUp {
  readonly #touched = new Set<string>();
  /** what is published for certain: a record is written only after its status was stored */
  readonly #published = new Map<string, Published>();

  /** The user's record, as it was loaded, was written after its status. */
  notePublished(record: UserRecord): void {
    this.#published.set(record.userId, record);
  }

  /** The user's status may have changed. */
  touch(userId: string): void {
    this.#touched.add(userId);
  }

  /** Gives the records that have changed, and those of them whose statuses are to be published; forgets everything. */
  finish(recordOf: (userId: string) => UserRecord | undefined): {
    changed: UserRecord[];
    unpublished: UserRecord[];
  } {
    const changed = [...this.#touched].map(recordOf).filter((record) => record !== undefined);
    const unpublished = changed.filter((record) => !this.#isPublished(record));
    this.#touched.clear();
    this.#published.clear();
    return { changed, unpublished };
  }

  #isPublished({ userId, shown, directoryVersion, renewedAt }: UserRecord): boolean {
    const last = this.#published.get(userId);
    return (
      last?.shown === shown && last?.directoryVersion === directoryVersion && last?.renewedAt === renewedAt
    );
  }
}
