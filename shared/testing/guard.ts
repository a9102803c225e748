import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Writable } from "node:stream";

/** Reads until the pipe breaks, then ends the processes that are guarded still and removes their directories. */
const SCRIPT = `lines=$(cat)
end() {
  kill -s "$2" "$1"; i=0
  while kill -0 "$1" && ! grep -q ") Z " "/proc/$1/stat" && [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done
  kill -s KILL "$1"; [ -z "$3" ] || rm -rf "$3"
}
printf '%s\\n' "$lines" | awk '
  $1 == "guard" { left[$2] = $0 }
  $1 == "leave" { delete left[$2] }
  END { for (id in left) print left[id] }' |
while read -r _ _ pid signal directory; do end "$pid" "$signal" "$directory" & done`;

let shell: ChildProcessByStdio<Writable, null, null> | undefined;
let count = 0;

/**
 * Sees to it that nothing stays behind when the test process is killed: a shell waits on a pipe that only the test
 * process holds open; when it breaks, it ends the process `pid` and removes `directory`.
 * Returns the way to call the guard off, once the process has been ended in good order.
 */
export function guard(pid: number, signal: NodeJS.Signals, directory = ""): () => void {
  shell ??= startShell();
  const { stdin } = shell;
  const id = ++count;
  stdin.write(`guard ${id} ${pid} ${signal.replace("SIG", "")} ${directory}\n`);
  return () => {
    stdin.write(`leave ${id}\n`);
  };
}

function startShell() {
  const started = spawn("/bin/sh", ["-c", SCRIPT], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  started.unref();
  started.stdin.on("error", () => {});
  (started.stdin as typeof started.stdin & { unref?: () => void }).unref?.();
  return started;
}
