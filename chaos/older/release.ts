/**
 * The release before this one, as a commit: one process at a time runs it among those of this checkout. A release
 * changes it to its own commit, so that what is written next is tried beside it.
 */
export const LAST_RELEASE = "8276f35";
