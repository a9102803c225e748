import { Fifo } from "@meeshy/shared/fifo";

/**
 * Sends to many sockets without holding up the event loop: at most so many sends in one of its turns, the
 * rest in the next ones. Strictly in order, so that what was decided later never arrives first.
 */
export interface EmissionQueue {
  /** `send` is called with slices of `socketIds`, never an empty one: at once, unless others wait or this turn is used up. */
  push(socketIds: readonly string[], send: (socketIds: string[]) => void): void;
  /** Calls back when all that has been pushed so far is sent. */
  afterwards(callback: () => void): void;
}

interface Job {
  socketIds: readonly string[];
  sent: number;
  send: (socketIds: string[]) => void;
  done: () => void;
}

/** A send costs about 20 µs: this many keep a turn near 10 ms. */
const SENDS_PER_TURN = 500;
const nothing = () => {};

export function createEmissionQueue(sendsPerTurn = SENDS_PER_TURN): EmissionQueue {
  const jobs = new Fifo<Job>();
  let left = sendsPerTurn;
  let isTurnCounted = false;

  /** The turn ends with the next call of `setImmediate`; what is left then goes on there. */
  const countTurn = () => {
    if (isTurnCounted) return;
    isTurnCounted = true;
    setImmediate(() => {
      isTurnCounted = false;
      left = sendsPerTurn;
      work();
    });
  };

  const work = () => {
    for (let job = jobs.peek(); job; job = jobs.peek()) {
      const slice = job.socketIds.slice(job.sent, job.sent + left);
      job.sent += slice.length;
      left -= slice.length;
      const isDone = job.sent === job.socketIds.length;
      if (isDone) jobs.shift();
      if (slice.length > 0) {
        countTurn();
        job.send(slice);
      }
      if (!isDone) return;
      job.done();
    }
  };

  const add = (job: Job) => {
    jobs.push(job);
    if (jobs.length === 1) work();
  };
  return {
    push: (socketIds, send) => add({ socketIds, sent: 0, send, done: nothing }),
    afterwards: (done) => add({ socketIds: [], sent: 0, send: nothing, done }),
  };
}
