import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { LinkAnswer, LinkOrder, LinkState } from "./link-state.ts";

/** The links between the processes of a stack and its broker. */
export interface Links {
  /** Address of the broker over the link of this name. */
  url(name: string): string;
  /** Resolves once the link is like this; rejects when the process that carries the links has ended. */
  set(name: string, state: LinkState): Promise<void>;
  close(): Promise<void>;
}

/** Opens a link to `targetPort` of this machine for each name. Nothing need listen there yet. */
export async function openLinks(targetPort: number, names: readonly string[]): Promise<Links> {
  const child = fork(join(import.meta.dirname, "carry-links.ts"));
  const ask = createAsk(child);
  const { ports = {} } = await ask({ targetPort, names });
  return {
    url: (name) => `nats://127.0.0.1:${ports[name]}`,
    async set(name, state) {
      await ask({ name, state });
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.disconnect();
      await once(child, "exit");
    },
  };
}

/** What is asked, without its number. */
type Question = LinkOrder extends infer One ? (One extends LinkOrder ? Omit<One, "id"> : never) : never;

function createAsk(child: ChildProcess): (question: Question) => Promise<LinkAnswer> {
  const open = new Map<number, { resolve(answer: LinkAnswer): void; reject(error: Error): void }>();
  let last = 0;
  child.on("message", (answer: LinkAnswer) => {
    open.get(answer.id)?.resolve(answer);
    open.delete(answer.id);
  });
  child.on("exit", (code) => {
    for (const { reject } of open.values()) reject(new Error(`the links ended with ${code}`));
    open.clear();
  });
  return (question) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      open.set(id, { resolve, reject });
      child.send({ id, ...question }, (error) => error && reject(error));
    });
}
