import { readFileSync } from "node:fs";
import { join } from "node:path";

const FENCE = /(?:<!-- snippet: (\S+) -->\n)?```(ts|tsx|js|html)\n([\s\S]*?)```/g;

/** The code of a README by the names before it. Each has a name, and `unused` says which were not taken. */
export function readSnippets(readme: string): { take(name: string): string; unused(): string[] } {
  const text = readFileSync(join(import.meta.dirname, "../..", readme), "utf8");
  const snippets = new Map<string, string>();
  for (const [, name, language, code = ""] of text.matchAll(FENCE)) {
    if (name === undefined) throw new Error(`${readme} has ${language} code without a name:\n${code}`);
    snippets.set(name, code);
  }
  const taken = new Set<string>();
  return {
    take(name) {
      const code = snippets.get(name);
      if (code === undefined) throw new Error(`${readme} has no code named ${name}`);
      taken.add(name);
      return code;
    },
    unused: () => [...snippets.keys()].filter((name) => !taken.has(name)),
  };
}
