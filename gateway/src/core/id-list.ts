import { PresenceError } from "@meeshy/shared/codes";

/**
 * The ids of a query: commas that were written as such separate them, and one that is part of an id is written `%2C`. So
 * the text is split before it is decoded. Each id once.
 * @throws {PresenceError} `bad_request`: what stands there cannot be decoded
 */
export function idsInQuery(url: string, name: string): string[] {
  const at = url.indexOf("?");
  const pairs = at < 0 ? [] : url.slice(at + 1).split("&");
  const lists = pairs.flatMap((pair) => {
    const [key = "", ...value] = pair.split("=");
    return key === name ? [value.join("=")] : [];
  });
  return [...new Set(lists.flatMap((list) => list.split(",").map(decode)))];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    throw new PresenceError("bad_request", "The ids cannot be decoded.", { cause });
  }
}
