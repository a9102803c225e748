/** The connection is asked for an answer when nothing has been heard for this long, ms. */
const QUIET_MS = 2_000;
/** How long the answer may take, ms: with the above a gateway that stands still is noticed within 5 s. */
const ANSWER_MS = 2_500;
/** After one answer is missing: how long the next may take before the connection is given up, ms. */
const PATIENCE_MS = 8_000;
/** A slow link is not given up over and over: the patience doubles each time, up to this, ms. */
const PATIENCE_MAX_MS = 64_000;

export interface HeartbeatDeps {
  /** Settles with the answer; rejects when there is none within `withinMs`, or the connection is lost. */
  ask(withinMs: number): Promise<unknown>;
  /** Whether someone may be looking: nothing is asked otherwise. */
  isVisible(): boolean;
  onSilent(): void;
  onAnswer(): void;
  /** The connection is to be given up and opened again. */
  onDead(): void;
  now?(): number;
}

/**
 * Notices that a connection brings nothing any more long before the transport does. Nothing is asked while other
 * messages arrive, while no one looks, and before the first snapshot.
 */
export interface Heartbeat {
  start(): void;
  stop(): void;
  /** A message has arrived. */
  heard(): void;
  /** Asks now; gives whether there was an answer within `withinMs`. */
  probe(withinMs: number): Promise<boolean>;
}

export function createHeartbeat(deps: HeartbeatDeps): Heartbeat {
  const now = deps.now ?? (() => performance.now());
  let timer: ReturnType<typeof setTimeout> | undefined;
  let heardAt = now();
  let isSilent = false;
  let patience = PATIENCE_MS;
  /** counts lives: an answer to a question of a former connection says nothing */
  let life = 0;

  const again = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(beat, ms);
  };
  const probe = async (withinMs: number): Promise<boolean> => {
    const asked = life;
    const answered = await deps.ask(withinMs).then(
      () => true,
      () => false,
    );
    if (asked !== life) return true;
    if (answered) {
      heardAt = now();
      isSilent = false;
      patience = PATIENCE_MS;
      deps.onAnswer();
    } else if (!isSilent) {
      isSilent = true;
      deps.onSilent();
    }
    return answered;
  };
  const beat = async () => {
    const wait = heardAt + QUIET_MS - now();
    if (!deps.isVisible()) return again(QUIET_MS);
    if (!isSilent && wait > 0) return again(wait);
    const beating = life;
    const isLastChance = isSilent;
    const answered = await probe(isLastChance ? patience : ANSWER_MS);
    if (beating !== life) return;
    if (answered || !isLastChance) return again(answered ? QUIET_MS : 0);
    patience = Math.min(patience * 2, PATIENCE_MAX_MS);
    deps.onDead();
  };
  return {
    start() {
      life += 1;
      isSilent = false;
      heardAt = now();
      again(QUIET_MS);
    },
    stop() {
      life += 1;
      clearTimeout(timer);
    },
    heard() {
      heardAt = now();
    },
    probe,
  };
}
