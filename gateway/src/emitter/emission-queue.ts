import { Fifo } from "@meeshy/shared/fifo";

/**
 * Sends to many sockets without holding up the event loop: at most so many sends in one of its turns, the
 * rest in the next ones. To each socket strictly in order, so that what was decided later never arrives first.
 */
export interface EmissionQueue {
  /** `send` is called with slices of `socketIds`, never an empty one: at once, unless others wait or this turn is used up. */
  push(socketIds: readonly string[], send: Send): void;
  /** Calls back when all that has been pushed so far is sent. */
  afterwards(callback: () => void): void;
}

type Send = (socketIds: string[]) => void;

interface Job {
  number: number;
  /** how many sockets do not have it yet */
  unsent: number;
  send: Send;
  done: () => void;
}

/** A send costs about 10 µs, 20 µs where each goes alone: this many keep a turn near 10 ms. */
const SENDS_PER_TURN = 500;
const nothing = () => {};

export function createEmissionQueue(sendsPerTurn = SENDS_PER_TURN): EmissionQueue {
  /** in the order in which they came, from the first that is not done */
  const jobs = new Fifo<Job>();
  let count = 0;
  /**
   * What waits, by socket. A turn serves few sockets with all that waits for them rather than many with a
   * little: Engine.IO hands frames to the network together where it can, which halves their cost.
   */
  const waiting = new Map<string, Job[]>();
  let left = sendsPerTurn;
  let isTurnCounted = false;
  let isServing = false;

  /** The turn ends with the next call of `setImmediate`; what is left then goes on there. */
  const countTurn = () => {
    if (isTurnCounted) return;
    isTurnCounted = true;
    setImmediate(() => {
      isTurnCounted = false;
      left = sendsPerTurn;
      serve();
    });
  };

  const add = (unsent: number, send: Send, done: () => void): Job => {
    const job = { number: count++, unsent, send, done };
    jobs.push(job);
    return job;
  };

  const wait = (socketId: string, job: Job) => {
    const queued = waiting.get(socketId);
    if (queued) queued.push(job);
    else waiting.set(socketId, [job]);
  };

  const send = (job: Job, socketIds: string[]) => {
    job.send(socketIds);
    job.unsent -= socketIds.length;
    settle();
  };

  const settle = () => {
    for (let job = jobs.peek(); job?.unsent === 0; job = jobs.peek()) {
      jobs.shift();
      job.done();
    }
  };

  /** What there is room for in this turn, in the order of the jobs. */
  const take = (): [Job, string[]][] => {
    const taken = new Map<Job, string[]>();
    for (const [socketId, queued] of waiting) {
      const served = queued.splice(0, left);
      if (queued.length === 0) waiting.delete(socketId);
      left -= served.length;
      for (const job of served) {
        const socketIds = taken.get(job);
        if (socketIds) socketIds.push(socketId);
        else taken.set(job, [socketId]);
      }
      if (left === 0) break;
    }
    return [...taken].sort(([a], [b]) => a.number - b.number);
  };

  const serve = () => {
    if (waiting.size > 0) countTurn();
    isServing = true;
    while (left > 0 && waiting.size > 0) for (const [job, socketIds] of take()) send(job, socketIds);
    isServing = false;
  };

  return {
    push(socketIds, sendTo) {
      if (socketIds.length === 0) return;
      const job = add(socketIds.length, sendTo, nothing);
      const now = isServing || waiting.size > 0 ? 0 : Math.min(left, socketIds.length);
      for (let n = now; n < socketIds.length; n++) wait(socketIds[n] as string, job);
      if (now === 0) return;
      countTurn();
      left -= now;
      send(job, socketIds.slice(0, now));
    },
    afterwards(done) {
      add(0, nothing, done);
      settle();
    },
  };
}
