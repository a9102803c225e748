import { join } from "node:path";

/** The checkout this program belongs to. */
export const ROOT = join(import.meta.dirname, "../..");
