/** A fault that was mended, put back into the product's own code in memory. */
export interface PlantedFault {
  name: string;
  /** which part of the corpus finds it */
  profile: "storm" | "calm";
  /** the rules of which at least one must tell */
  shows: readonly string[];
  edits: readonly Edit[];
}

/** Text to be found once in a file of the repository, and what takes its place. */
interface Edit {
  file: string;
  find: string;
  replace: string;
}

export const PLANTED_FAULTS: readonly PlantedFault[] = [];
