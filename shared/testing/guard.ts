import { spawn } from "node:child_process";

/**
 * Sees to it that nothing stays behind when the test process is killed: a shell waits on a pipe that only the
 * test process holds open; when it breaks, it ends the process `pid` and removes `directory`.
 * Returns the way to call the guard off, once the process has been ended in good order.
 */
export function guard(pid: number, signal: NodeJS.Signals, directory?: string): () => void {
  const script = `read -r _ && exit; kill -s "$2" "$1"; i=0
while kill -0 "$1" && ! grep -q ") Z " "/proc/$1/stat" && [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done
kill -s KILL "$1"; [ -z "$3" ] || rm -rf "$3"`;
  const args = ["-c", script, "guard", String(pid), signal.replace("SIG", ""), directory ?? ""];
  const shell = spawn("/bin/sh", args, { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  shell.unref();
  shell.stdin.on("error", () => {});
  (shell.stdin as typeof shell.stdin & { unref?: () => void }).unref?.();
  return () => {
    shell.stdin.end("done\n");
  };
}
