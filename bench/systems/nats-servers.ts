import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { provideNatsServer } from "@meeshy/shared/servers/nats-binary";

/** A nats-server program, and what tables call it. */
export interface NatsProgram {
  /** `nats-server 2.9.10`; numbered where another before it has the same version */
  name: string;
  path: string;
}

const FOUND = "found";

/** Finds the programs: paths, `found` for the one that is run where none is named, `newest` for Debian's newest. */
export async function findNatsServers(
  wanted: readonly string[],
  log: (line: string) => void,
): Promise<NatsProgram[]> {
  const paths: string[] = [];
  for (const each of wanted) {
    const explicit = each === FOUND ? undefined : each;
    const path = await provideNatsServer({ explicit, log }).catch((error) => {
      throw new Error(`--nats-server ${each}: ${error.message}`, { cause: error });
    });
    paths.push(path);
  }
  const versions = await Promise.all(paths.map(versionOf));
  return namesOf(versions).map((name, n) => ({ name, path: paths[n] as string }));
}

/** A name for each, by its version; equal ones are numbered. */
export function namesOf(versions: readonly string[]): string[] {
  return versions.map((version, n) => {
    const before = versions.slice(0, n).filter((other) => other === version).length;
    return `nats-server ${version}${before === 0 ? "" : `, no. ${before + 1}`}`;
  });
}

/** `nats-server: v2.9.10` */
async function versionOf(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ["--version"]);
  return /v?(\d\S*)/.exec(stdout)?.[1] ?? stdout.trim();
}
