/** Ids of Engine.IO sessions on a port of several processes: `<process>.<id>` names the one that holds the session. */

const NUMBERED = /^([1-9]\d?)\./;

export const sessionIdOf = (process: number, id: string): string => `${process}.${id}`;

/**
 * The process, from 1 to `processes`, that holds the session which a request is for. null: the request opens a session,
 * or its id is none of ours, which whichever process has the request refuses.
 */
export function holderOf(url: string, processes: number): number | null {
  const query = url.indexOf("?");
  if (query < 0 || !url.includes("sid=", query)) return null;
  const sid = new URLSearchParams(url.slice(query + 1)).get("sid") ?? "";
  const holder = Number(NUMBERED.exec(sid)?.[1] ?? 0);
  return holder >= 1 && holder <= processes ? holder : null;
}
