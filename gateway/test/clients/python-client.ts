import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { guard } from "@meeshy/shared/testing/guard";
import { onTestFinished } from "vitest";

const SCRIPT = join(import.meta.dirname, "client.py");

/** Debian's packages are seen by Debian's own interpreter, whatever stands first in the path. */
const INTERPRETERS = ["/usr/bin/python3", "python3"];

/** An interpreter with python-socketio and what its client needs; `undefined` where there is none. */
export const pythonWithSocketIo = (): string | undefined =>
  INTERPRETERS.find(
    (python) => spawnSync(python, ["-c", "import socketio, requests, websocket"]).status === 0,
  );

/** Runs the script beside this file; `args` are url, token, transport, and where the token goes. */
export function openPythonClient(python: string, args: string[]) {
  const child = spawn(python, [SCRIPT, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const callOff = guard(child.pid ?? -1, "SIGKILL");
  const received: { event: string; payload: unknown }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => received.push(JSON.parse(line)));
  const close = () => {
    child.kill("SIGKILL");
    callOff();
  };
  onTestFinished(close);
  return { received, close };
}
