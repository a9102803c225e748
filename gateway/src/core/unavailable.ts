import { PresenceError } from "@meeshy/shared/codes";

/** Passes on what may be shown to the caller; anything else means that the database did not answer. */
export async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof PresenceError) throw cause;
    throw new PresenceError("unavailable", "The database cannot be reached now.", { cause });
  }
}
