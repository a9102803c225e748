import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamManager,
  jetstreamManager,
  ReplayPolicy,
} from "@nats-io/jetstream";
import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { Fifo } from "../fifo.ts";
import type { ConsumeOptions, Consumer, Stored } from "../ports/bus.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import { isDeleteMarker } from "./acks.ts";
import type { Gate } from "./gate.ts";

export interface ConsumerDeps {
  nc: NatsConnection;
  clock: Clock;
  /** Bounds the consumers that are being created: each costs the server a look over the stream. */
  creations: Gate;
  /** A fresh subject that only this process may listen on. */
  newInbox(): string;
}

const HEARTBEAT_MS = 500;
/** So many heartbeat intervals in a row without a sign make the consumer suspect. */
const SILENT_INTERVALS = 3;
/** How long the server keeps the consumer without a subscriber. */
const INACTIVE_MS = 5_000;
/** Messages handled before other work of the process gets its turn. */
const TURN = 256;

const STATUS_CONTROL = 100;
const nanos = (ms: number): number => ms * 1e6;

/**
 * Has a stream's messages pushed to an inbox of its own, with the server's flow control and heartbeats, and
 * hands them on one after the other. Ends at the first delivery that is missing: a heartbeat names the last
 * one, so that a loss shows although nothing follows it.
 *
 * Pushed, not pulled: nats-server 2.9.10 drops a pull request without a word when it expires in the moment in
 * which a message arrives, and a client that counts on the word stands still for two heartbeats.
 *
 * Ours, since the client's own ordered push consumer (@nats-io/jetstream 3.4.0) lacks what following a log
 * needs:
 * - It compares deliveries with one another, not with the one that a heartbeat names: the loss of the last
 *   message shows when another follows.
 * - It replaces itself behind its cursor, and leaves no place to check before that whether the stream is
 *   still the same: past the end of a shortened one it skips without a sign.
 * - Its replacements have heartbeats of 30 s, of which two must be missing: a consumer on a killed node would
 *   stand still for a minute. Here it is 3 s.
 * - It moves its cursor as messages arrive, and waits for no promise of a callback: nothing holds the server
 *   up, and a message whose handling fails is not delivered again.
 *
 * @throws {Error} the consumer was not created within `createdWithinMs`, or the server refused: in the
 *   client's terms
 */
export async function openConsumer(deps: ConsumerDeps, options: ConsumeOptions): Promise<Consumer> {
  const { nc, clock, creations } = deps;
  const queue = new Fifo<Msg>();
  let endReason: string | undefined;
  let wake = () => {};
  let silent = 0;

  const end = (reason: string) => {
    if (endReason !== undefined) return;
    endReason = reason;
    watchdog?.cancel();
    subscription.unsubscribe();
    wake();
  };

  const inbox = deps.newInbox();
  const subscription = nc.subscribe(inbox, {
    callback: (error, message) => {
      if (error) {
        end(error.message);
        return;
      }
      silent = 0;
      queue.push(message);
      wake();
    },
  });
  let watchdog: Timer | undefined;
  // Counts its own turns, not time: a process that stood still has the messages waiting in its socket.
  const watch = () => {
    watchdog = clock.every(HEARTBEAT_MS, () => {
      if (++silent > SILENT_INTERVALS) end("heartbeats missed");
    });
  };

  const { stream, filter, from: startsAt } = options;
  /** sequence of the last message that there was to deliver, once it is known */
  let lastThere = Number.POSITIVE_INFINITY;
  const learnLastThere = async (jsm: JetStreamManager) => {
    const last = await jsm.streams.getMessage(stream, { last_by_subj: filter });
    lastThere = last?.seq ?? 0;
    wake();
  };

  const handleAll = async (pendingAtStart: number): Promise<string> => {
    let delivered = 0;
    let handled = startsAt - 1;
    let behind = true;
    const caughtUp = () => {
      if (!behind) return;
      behind = false;
      options.onCaughtUp();
    };
    if (pendingAtStart === 0) caughtUp();
    for (let turn = 1; endReason === undefined; turn++) {
      if (handled >= lastThere) caughtUp();
      const message = queue.shift();
      if (message === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      if (turn % TURN === 0) await clock.turn();
      if (message.reply?.startsWith("$JS.ACK.")) {
        const { deliverySeq, ...stored } = toStored(message, message.reply);
        if (deliverySeq !== delivered + 1) return "a delivery is missing";
        const handling = options.onMessage(stored);
        if (handling) await handling;
        delivered++;
        handled = stored.seq;
        if (stored.pending === 0 || delivered >= pendingAtStart) caughtUp();
        continue;
      }
      const control = readControl(message);
      if (control === undefined) return `the server answered ${message.headers?.status}`;
      if (control.answerTo) nc.publish(control.answerTo);
      if (control.lastDelivery === undefined) continue;
      if (control.lastDelivery !== delivered) return "a delivery is missing";
      // Nothing is left to send, although fewer came than there were: others purged the rest.
      if (!control.answerTo) caughtUp();
    }
    return endReason;
  };

  try {
    const jsm = await jetstreamManager(nc, { timeout: options.createdWithinMs, checkAPI: false });
    const create = () =>
      jsm.consumers.add(stream, {
        filter_subject: filter,
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: startsAt,
        ack_policy: AckPolicy.None,
        replay_policy: ReplayPolicy.Instant,
        deliver_subject: inbox,
        flow_control: true,
        idle_heartbeat: nanos(HEARTBEAT_MS),
        inactive_threshold: nanos(INACTIVE_MS),
        mem_storage: true,
        num_replicas: 1,
      });
    const { info, tookMs } = await creations.run(async () => {
      const askedAt = clock.now();
      return { info: await create(), tookMs: clock.now() - askedAt };
    });
    if (endReason === undefined) watch();
    // The server may have begun to deliver before it counted what is left.
    const pendingAtStart = info.delivered.consumer_seq + info.num_pending;
    // From the middle of a stream on, nats-server 2.9.10 counts too many, and too many as pending ever after.
    if (startsAt > 1 && pendingAtStart > 0) learnLastThere(jsm).catch(() => {});
    return { tookMs, ended: handleAll(pendingAtStart).finally(() => end("done")), end };
  } catch (error) {
    end("not created");
    throw error;
  }
}

/** A flow control request, or a heartbeat; `undefined` for any other status. */
function readControl({ headers, reply }: Msg): { answerTo?: string; lastDelivery?: number } | undefined {
  if (headers?.code !== STATUS_CONTROL) return undefined;
  if (reply) return { answerTo: reply };
  const stalled = headers.get("Nats-Consumer-Stalled");
  return {
    lastDelivery: Number(headers.get("Nats-Last-Consumer")),
    ...(stalled ? { answerTo: stalled } : {}),
  };
}

/** Tokens of `$JS.ACK.<stream>.<consumer>.<deliveries>.<seq>.<delivery seq>.<time>.<pending>`; newer servers put a domain and an account before. */
const SHORT_FORM = 9;

function toStored(message: Msg, reply: string): Stored & { deliverySeq: number } {
  const tokens = reply.split(".");
  const at = tokens.length === SHORT_FORM ? 5 : 7;
  return {
    seq: Number(tokens[at]),
    deliverySeq: Number(tokens[at + 1]),
    subject: message.subject,
    data: message.data,
    time: Number(tokens[at + 2]?.slice(0, -6)),
    deleted: isDeleteMarker(message.headers),
    pending: Number(tokens[at + 3]),
  };
}
