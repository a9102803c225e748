/** Room for a path with 200 encoded ids; a longer list is still read, to be refused by name. */
export const HEADER_MAX_BYTES = 128 * 1024;
