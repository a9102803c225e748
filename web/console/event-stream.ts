/** Server-sent events, read from an answer's body: `EventSource` cannot send a token. */

export interface StreamEvent {
  event: string;
  data: string;
}

/** Takes text in pieces of any size, gives the events that are complete. */
export interface EventParser {
  push(text: string): StreamEvent[];
}

const LINE_END = /\r\n|\n|\r/;
const BLOCK_END = /\r\n\r\n|\n\n|\r\r/;

export function createEventParser(): EventParser {
  let rest = "";
  return {
    push(text) {
      const blocks = (rest + text).split(BLOCK_END);
      rest = blocks.pop() ?? "";
      return blocks.flatMap((block) => parseBlock(block) ?? []);
    },
  };
}

/** Undefined: a comment, which keeps the connection open. */
function parseBlock(block: string): StreamEvent | undefined {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split(LINE_END)) {
    const [, field, value = ""] = /^([^:]+)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join("\n") };
}

/**
 * The events of a body, until it ends.
 * @throws {Error} nothing at all has come for `silenceMs`
 */
export async function* eventsIn(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
): AsyncGenerator<StreamEvent> {
  const parser = createEventParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { value, done } = await within(reader.read(), silenceMs);
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("The stream is silent.")), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
