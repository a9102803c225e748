import type { Kind } from "./kind.ts";
import { PROCESS_FAULTS } from "./of-processes.ts";
import { RELEASE_FAULTS } from "./of-releases.ts";
import { STORE_FAULTS } from "./of-stores.ts";

/** Every kind of fault that a schedule chooses from. */
export const KINDS: readonly Kind[] = [...PROCESS_FAULTS, ...STORE_FAULTS, ...RELEASE_FAULTS];
