import type { Clock, Timer } from "@meeshy/shared/ports/clock";

/** Does things a fixed time later, or at once when they may not wait any more; each once, in order. */
export interface Hold {
  hold(run: () => void): void;
  /** Does now what is held. */
  release(): void;
}

export function createHold(clock: Pick<Clock, "after">, holdMs: number): Hold {
  const held = new Map<() => void, Timer>();
  const finish = (run: () => void) => {
    if (held.delete(run)) run();
  };
  return {
    hold(run) {
      held.set(
        run,
        clock.after(holdMs, () => finish(run)),
      );
    },
    release() {
      for (const [run, timer] of held) {
        timer.cancel();
        finish(run);
      }
    },
  };
}
