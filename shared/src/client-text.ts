/** Texts that clients give, before they are kept or passed on. Pure. */

/** Control characters: each would take six bytes in JSON, and none says anything in a label. */
const CONTROLS = /\p{Cc}/gu;
/** Those that lay out a message of several lines stay; one with NUL is refused where it is stored. */
const CONTROLS_BUT_LAYOUT = /[^\P{Cc}\n\r\t\0]/gu;

/** A text of one line without control characters, well-formed. */
export const toLine = (text: string): string => text.replace(CONTROLS, "").toWellFormed();

/** A text of several lines, without other control characters, well-formed. */
export const toLines = (text: string): string => text.replace(CONTROLS_BUT_LAYOUT, "").toWellFormed();

const utf8 = new TextEncoder();

/** A text of one line of at most so many bytes in UTF-8; no character is cut in two. */
export function toLabel(text: string, maxBytes: number): string {
  // No character takes less than a byte.
  const line = toLine(text.slice(0, maxBytes * 2)).trim();
  const { read } = utf8.encodeInto(line, new Uint8Array(maxBytes));
  return line.slice(0, read);
}
