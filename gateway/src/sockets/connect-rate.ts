import { monitorEventLoopDelay } from "node:perf_hooks";
import { adaptRate, RATE_START } from "../core/admission.ts";

/** How many connects a second this process takes, by what its event loop feels of them (ARCHITECTURE "gateway", admission). */
export interface ConnectRate {
  /** Whether one more may be let in now. */
  hasRoom(): boolean;
  /** One is let in. */
  take(): void;
  perSecond(): number;
  stop(): void;
}

/** Connects let in at once after a quiet time, as a share of those of a second. */
const BURST_SHARE = 0.1;
const ADAPT_EVERY_MS = 100;
const DELAY_RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;

/** `isHeld`: whether some wait to be let in. */
export function createConnectRate(isHeld: () => boolean): ConnectRate {
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  let rate = RATE_START;
  let tokens = rate * BURST_SHARE;
  let filledAt = performance.now();
  /** since the rate was last adapted */
  let admitted = 0;

  const adapt = () => {
    const delayMs = delay.max / NS_PER_MS - DELAY_RESOLUTION_MS;
    delay.reset();
    if (admitted > 0) rate = adaptRate(rate, { delayMs, isHeld: isHeld() });
    else delay.disable();
    admitted = 0;
  };
  const adapting = setInterval(adapt, ADAPT_EVERY_MS);

  return {
    hasRoom() {
      const now = performance.now();
      tokens = Math.min(rate * BURST_SHARE, tokens + ((now - filledAt) / 1_000) * rate);
      filledAt = now;
      return tokens >= 1;
    },
    take() {
      tokens--;
      admitted++;
      delay.enable();
    },
    perSecond: () => rate,
    stop() {
      clearInterval(adapting);
      delay.disable();
    },
  };
}
