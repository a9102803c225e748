/** The columns in which a fault of the product shows. */
export const COLUMNS = [
  "lost",
  "out of order",
  "visible twice",
  "ghosts",
  "false offlines",
  "strangers",
  "versions down",
] as const;
export type Column = (typeof COLUMNS)[number];

/** Something that is not as it should be, before it is known since when. */
export interface Difference {
  /** the user whose presence it is about; null: none */
  about: string | null;
  /** for a person to read */
  text: string;
}

/** One breach of a promise. */
export interface Finding extends Difference {
  column: Column;
  /** when it began, ms of the driver's clock */
  at: number;
}
