/** Whether a subject matches a pattern with `*` (one token) and `>` (one or more). */
export function createMatcher(pattern: string): (subject: string) => boolean {
  if (!pattern.includes("*") && !pattern.includes(">")) return (subject) => subject === pattern;
  const wanted = pattern.split(".");
  const isOpen = wanted.at(-1) === ">";
  return (subject) => {
    const tokens = subject.split(".");
    if (isOpen ? tokens.length < wanted.length : tokens.length !== wanted.length) return false;
    for (let at = 0; at < wanted.length; at++) {
      const token = wanted[at];
      if (token === ">") return true;
      if (token !== "*" && token !== tokens[at]) return false;
    }
    return true;
  };
}

/** Maps a subject as `republish` does: `{{wildcard(n)}}` of `to` stands for the n-th `*` of `from`. */
export function mapSubject(subject: string, { from, to }: { from: string; to: string }): string {
  const tokens = subject.split(".");
  const wildcards = from.split(".").flatMap((token, at) => (token === "*" ? [tokens[at] ?? ""] : []));
  return to.replace(/\{\{wildcard\((\d+)\)\}\}/g, (_, n) => wildcards[Number(n) - 1] ?? "");
}
