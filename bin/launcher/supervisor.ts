import { setTimeout as pause } from "node:timers/promises";
import { backOff, LONG_LIFE_MS } from "@meeshy/shared/runtime/back-off";
import {
  endProcess,
  killGroup,
  ServerFailed,
  type ServerProcess,
  type ServerSpec,
  startProcess,
  untilReady,
} from "@meeshy/shared/servers/server-process";

export type Supervised = {
  readonly name: string;
  readonly pid: number;
  /** Resolves once the first process serves; rejects if it never does. */
  readonly ready: Promise<void>;
  /** Ends the process for good: in good order, killed after `within` milliseconds. */
  stop(within: number): Promise<void>;
};

export type SupervisorHooks = {
  logFile: string;
  /** A process exists; called before anything else happens to it. */
  onStarted(pid: number): void;
  /** A successor of the first process serves, or has had ten seconds to. */
  onReplaced(): void;
  say(line: string): void;
};

const FIRST_START_MS = 60_000;
const PASSING_FAILURE_MS = 10_000;
const REPLACEMENT_MS = 10_000;
const ALIVE_LOOK_MS = 1_000;
/** Looks in a row at which a process did not do its work: with their own time, some ten seconds. */
const DEAD_AFTER_LOOKS = 4;

/**
 * Runs a process and, once it has served, starts it again whenever it ends, with growing pauses while its lives
 * stay short. One that runs but does not do its work is killed, which is all that helps, and so started again.
 */
export function supervise(spec: ServerSpec, hooks: SupervisorHooks): Supervised {
  const stopping = new AbortController();
  let server = begin();
  const ready = firstStart();
  const finished = ready.then(keepAlive, () => {});

  function begin(): ServerProcess {
    const started = startProcess(spec, hooks.logFile);
    if (started.pid > 0) hooks.onStarted(started.pid);
    return started;
  }

  async function firstStart(): Promise<void> {
    for (const since = performance.now(); ; server = begin()) {
      try {
        return await untilReady(server, spec, FIRST_START_MS);
      } catch (error) {
        await endProcess(server, "SIGKILL");
        const passes = error instanceof ServerFailed && spec.passingFailure?.test(error.output);
        const isLate = performance.now() - since > PASSING_FAILURE_MS;
        if (stopping.signal.aborted || !passes || isLate) throw error;
        await pause(200);
      }
    }
  }

  async function keepAlive(): Promise<void> {
    for (let shortLives = 0; ; ) {
      const since = performance.now();
      void killIfDead(server);
      const how = await server.exited;
      if (stopping.signal.aborted) return;
      killGroup(server.pid);
      shortLives = performance.now() - since > LONG_LIFE_MS ? 1 : shortLives + 1;
      const delay = backOff(shortLives);
      hooks.say(`${spec.name}: ${how}; starts again in ${delay} ms (see ${hooks.logFile})`);
      await pause(delay, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      server = begin();
      void announce(server);
    }
  }

  async function killIfDead(watched: ServerProcess): Promise<void> {
    const { signal } = stopping;
    for (let failures = 0; spec.isAlive !== undefined; ) {
      await pause(ALIVE_LOOK_MS, undefined, { signal }).catch(() => {});
      const isAlive = await spec.isAlive();
      if (signal.aborted || hasEnded(watched)) return;
      failures = isAlive ? 0 : failures + 1;
      if (failures < DEAD_AFTER_LOOKS) continue;
      hooks.say(`${spec.name}: runs, but does not do its work any more; killed (process id ${watched.pid})`);
      killGroup(watched.pid);
      return;
    }
  }

  async function announce(successor: ServerProcess): Promise<void> {
    const outcome = await untilReady(successor, spec, REPLACEMENT_MS).then(
      () => "serves again",
      () => "runs, but does not serve yet",
    );
    if (stopping.signal.aborted || successor !== server || hasEnded(successor)) return;
    hooks.onReplaced();
    hooks.say(`${spec.name}: ${outcome} (process id ${successor.pid})`);
  }

  return {
    name: spec.name,
    get pid() {
      return server.pid;
    },
    ready,
    async stop(within) {
      stopping.abort();
      await endProcess(server, spec.stopSignal, within);
      killGroup(server.pid);
      await finished;
    },
  };
}

function hasEnded({ child }: ServerProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
