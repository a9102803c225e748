import { closeSync, ftruncateSync, openSync, readSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";

const LOOK_MS = 250;
/** A console is read by a person: more than this in one look is counted, not shown. */
const LINES_A_LOOK = 25;
const CHUNK_BYTES = 262_144;

/** Where a log file that has grown is set aside, as `<file>.1` (the newest), `<file>.2`, …; older ones are removed. */
export interface LogBound {
  bytes: number;
  /** set-aside files beside the one that is written */
  aside: number;
}

export interface LogReader {
  /** Takes each line that is added. */
  show(line: string): void;
  /** Takes what went wrong when a file was set aside. */
  fault(what: string): void;
}

/**
 * Shows the lines that are added to a log file from now on, and bounds it. Services write their logs into the file
 * themselves, so a console that is paused or gone does not hold them up. Returns the way to end it, which shows what
 * is left. Ours, since the writer is another process that keeps its descriptor open, nats-server and PostgreSQL
 * included: a library that rotates (`pino-roll`) is the writer itself, and one that formats would not follow a file.
 */
export async function followLog(
  file: string,
  { show, fault }: LogReader,
  bound: LogBound,
): Promise<() => Promise<void>> {
  const handle = await open(file, "a+", 0o600);
  const reader = createReader(handle, (await handle.stat()).size, 2 * bound.bytes);
  let looking = Promise.resolve();
  const look = () => {
    looking = looking.then(async () => {
      const lines = await reader.read();
      if (reader.position() >= bound.bytes)
        lines.push(...setAside(file, handle.fd, bound, { reader, fault }));
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

/** Before anything writes to it: a file that is over its bound is set aside as a whole. */
export function setAsideWhole(file: string, { aside }: LogBound): void {
  shift(file, aside);
  renameSync(file, `${file}.1`);
}

/**
 * Copies the file and empties it: its writer goes on at the new end, since it appends. Nothing else is done between
 * the read that finds the end and the cut, so what may be lost is a line that is written in these microseconds.
 * Where there is no room for the copy the file is emptied all the same. Gives the lines that were not read yet.
 */
function setAside(
  file: string,
  fd: number,
  bound: LogBound,
  { reader, fault }: { reader: ReturnType<typeof createReader>; fault: LogReader["fault"] },
): string[] {
  const lines: string[] = [];
  let copy: number | undefined;
  try {
    shift(file, bound.aside);
    copy = openSync(`${file}.1`, "wx", 0o600);
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    // While this process stood still the file may have grown beyond any bound: its end is kept.
    let at = Math.max(0, reader.position() - 2 * bound.bytes);
    for (let bytes = -1; bytes !== 0; at += bytes) {
      bytes = readSync(fd, buffer, 0, CHUNK_BYTES, at);
      writeFileSync(copy, buffer.subarray(0, bytes));
      lines.push(...reader.take(buffer.subarray(Math.max(0, reader.position() - at), bytes)));
    }
  } catch (error) {
    if (copy !== undefined) rmSync(`${file}.1`, { force: true });
    fault(`${file} was emptied, and could not be kept: ${error instanceof Error ? error.message : error}`);
  } finally {
    ftruncateSync(fd);
    reader.restart();
    if (copy !== undefined) closeSync(copy);
  }
  return lines;
}

/** Makes room for a new `<file>.1`. */
function shift(file: string, aside: number): void {
  rmSync(`${file}.${aside}`, { force: true });
  for (let n = aside - 1; n > 0; n--) {
    try {
      renameSync(`${file}.${n}`, `${file}.${n + 1}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

/** Gives the complete lines that were added, from a position on; of more than `most` bytes the last. */
function createReader(handle: FileHandle, from: number, most: number) {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const decoder = new StringDecoder("utf8");
  let position = from;
  let partial = "";
  const take = (bytes: Buffer) => {
    position += bytes.length;
    const lines = (partial + decoder.write(bytes)).split("\n");
    partial = lines.pop() ?? "";
    return lines;
  };
  return {
    async read(): Promise<string[]> {
      const { size } = await handle.stat();
      // Someone else has emptied it, or this process stood still for long.
      if (size < position) position = 0;
      position = Math.max(position, size - most);
      const lines: string[] = [];
      for (let bytesRead = CHUNK_BYTES; bytesRead === CHUNK_BYTES; ) {
        ({ bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position));
        lines.push(...take(buffer.subarray(0, bytesRead)));
      }
      return lines;
    },
    /** Takes bytes that follow those read so far. */
    take,
    position: () => position,
    restart(): void {
      position = 0;
    },
  };
}
