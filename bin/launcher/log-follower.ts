import { type FileHandle, open, stat } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";

const LOOK_MS = 250;
/** A console is read by a person: more than this in one look is counted, not shown. */
const LINES_A_LOOK = 25;
const CHUNK_BYTES = 262_144;

/**
 * Shows the lines that are added to a log file from now on. Services write their logs into the file themselves,
 * so a console that is paused or gone does not hold them up. A library that formats a stream would not follow a file:
 * that part is ours. Returns the way to end it, which shows what is left.
 */
export async function followLog(file: string, show: (line: string) => void): Promise<() => Promise<void>> {
  const handle = await open(file, "a+", 0o600);
  const reader = createReader(handle, (await stat(file)).size);
  let looking = Promise.resolve();
  const look = () => {
    looking = looking.then(async () => {
      const lines = await reader();
      for (const line of lines.slice(0, LINES_A_LOOK)) show(line);
      if (lines.length > LINES_A_LOOK) show(`(${lines.length - LINES_A_LOOK} more lines in ${file})`);
    });
    return looking;
  };
  const timer = setInterval(look, LOOK_MS);
  return async () => {
    clearInterval(timer);
    await look();
    await handle.close();
  };
}

/** Gives the complete lines added since the last call. */
function createReader(handle: FileHandle, from: number): () => Promise<string[]> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const decoder = new StringDecoder("utf8");
  let position = from;
  let partial = "";
  return async () => {
    let text = "";
    for (let bytesRead = CHUNK_BYTES; bytesRead === CHUNK_BYTES; position += bytesRead) {
      ({ bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position));
      text += decoder.write(buffer.subarray(0, bytesRead));
    }
    const lines = (partial + text).split("\n");
    partial = lines.pop() ?? "";
    return lines;
  };
}
