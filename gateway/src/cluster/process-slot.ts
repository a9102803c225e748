import type { Worker } from "node:cluster";
import { setTimeout as pause } from "node:timers/promises";
import { backOff, LONG_LIFE_MS } from "@meeshy/shared/runtime/back-off";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { z } from "zod";
import { type Channel, type ChannelHandlers, openChannel } from "./channel.ts";

/** One of the places on a port, and the process that is in it now. */
export interface ProcessSlot {
  /** from 1 */
  readonly number: number;
  /** undefined: none runs */
  readonly pid: number | undefined;
  /**
   * Starts the first process; resolves when it serves.
   * @throws {Error} it has ended before
   */
  start(): Promise<void>;
  /** Starts another one whenever one ends, with growing pauses while their lives stay short, until `stop`. */
  keep(): Promise<void>;
  /** why it cannot serve now; empty when it can */
  unready(): Promise<string[]>;
  /**
   * Its metrics.
   * @throws {Error} it does not answer
   */
  metrics(): Promise<unknown>;
  /** Passes on what siblings have taken of a limit. */
  report: Channel["report"];
  /** Asks the process to stop; resolves when it has. None is started after it. */
  stop(): Promise<void>;
  kill(): void;
}

export interface SlotDeps {
  fork(number: number): Worker;
  taken: ChannelHandlers["taken"];
  answer: ChannelHandlers["answer"];
  /** A process of this slot was started, or has ended. */
  onChange(slot: ProcessSlot): void;
  onEnd(slot: ProcessSlot): void;
  logger: Logger;
}

interface Life {
  worker: Worker;
  channel: Channel;
  /** says how it ended */
  ended: Promise<string>;
}

const UNREADY_WITHIN_MS = 1_000;
const METRICS_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 50;
const reasons = z.array(z.string());

export function createProcessSlot(number: number, deps: SlotDeps): ProcessSlot {
  const { logger } = deps;
  const stopping = new AbortController();
  let life: Life | undefined;

  const begin = (): Life => {
    const worker = deps.fork(number);
    const channel = openChannel(
      {
        isConnected: () => worker.isConnected(),
        send: (message, onSent) => worker.process.send(message, undefined, undefined, onSent),
        onMessage: (listener) => worker.on("message", listener),
      },
      { answer: deps.answer, taken: deps.taken, stop: () => {} },
      logger,
    );
    const ended = new Promise<string>((resolve) => {
      worker.once("exit", (code, signal) => resolve(signal ? `ended by ${signal}` : `exit code ${code}`));
    });
    // A process that cannot be sent to is about to end, or has.
    worker.on("error", (error) => logger.debug({ process: number, err: error }, "process not reached"));
    const begun = { worker, channel, ended };
    life = begun;
    deps.onChange(slot);
    void ended.then(() => {
      if (life === begun) life = undefined;
      deps.onEnd(slot);
      deps.onChange(slot);
    });
    return begun;
  };

  const unready = async (): Promise<string[]> => {
    if (!life) return ["not running"];
    return life.channel
      .ask("unready", UNREADY_WITHIN_MS)
      .then((answer) => reasons.parse(answer))
      .catch((error) => [String(error.message)]);
  };

  const untilServing = async (begun: Life): Promise<void> => {
    while (life === begun && (await unready()).length > 0) await pause(LOOK_EVERY_MS);
  };

  const slot: ProcessSlot = {
    number,
    get pid() {
      return life?.worker.process.pid;
    },
    async start() {
      const begun = begin();
      await untilServing(begun);
      if (life === begun || stopping.signal.aborted) return;
      throw new Error(`process ${number} ended before it served (${await begun.ended})`);
    },
    async keep() {
      for (let shortLives = 0; life && !stopping.signal.aborted; ) {
        const since = performance.now();
        const how = await life.ended;
        if (stopping.signal.aborted) return;
        shortLives = performance.now() - since > LONG_LIFE_MS ? 1 : shortLives + 1;
        const delayMs = backOff(shortLives);
        logger.error({ process: number, how, delayMs }, "a process has ended, and is started again");
        await pause(delayMs, undefined, { signal: stopping.signal }).catch(() => {});
        if (stopping.signal.aborted) return;
        const begun = begin();
        void untilServing(begun).then(() => {
          if (life === begun) logger.info({ process: number, processId: slot.pid }, "a process serves again");
        });
      }
    },
    unready,
    async metrics() {
      if (!life) throw new Error(`process ${number} is not running`);
      return life.channel.ask("metrics", METRICS_WITHIN_MS);
    },
    report: (taken) => life?.channel.report(taken) ?? false,
    async stop() {
      stopping.abort();
      const ending = life;
      ending?.channel.stop();
      await ending?.ended;
    },
    kill: () => void life?.worker.process.kill("SIGKILL"),
  };
  return slot;
}
