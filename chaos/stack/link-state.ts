/** What a link between a process and the broker does. Delays in ms; the pace of a narrow one in bytes a second. */
export type LinkState =
  | { kind: "open" }
  | { kind: "cut" }
  | { kind: "frozen" }
  | { kind: "frozen-in" }
  | { kind: "frozen-out" }
  | { kind: "slow"; delayMs: number }
  | { kind: "narrow"; bytesPerSecond: number }
  | { kind: "refused" };

/** To the process that carries the links: first one link for each name, then what one of them is to do. */
export type LinkOrder =
  | { id: number; targetPort: number; names: readonly string[] }
  | { id: number; name: string; state: LinkState };

/** The order of this id is carried out; the first answer names the port of each link. */
export interface LinkAnswer {
  id: number;
  ports?: Record<string, number>;
}

const PASSWORD = /("pass":")([^"]+)"/;

/** What a client sends first over a link that spoils passwords: of the same length, and wrong. Throws without one. */
export function withWrongPassword(chunk: Buffer): Buffer {
  const text = chunk.toString("latin1");
  if (!PASSWORD.test(text)) throw new Error("no password to spoil");
  return Buffer.from(
    text.replace(PASSWORD, (_, before, password) => `${before}${"x".repeat(password.length)}"`),
    "latin1",
  );
}
