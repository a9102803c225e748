import { type FollowOptions, follow, type Stored } from "@meeshy/shared/nats/follow";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { BUCKET_STATE } from "@meeshy/shared/subjects";
import { type ReadRecord, readRecord } from "./stored-record.ts";
import type { ReportUnreadable } from "./unreadable.ts";

/** A record as it was found; `recordSeq`: its stream sequence. */
export interface LoadedRecord extends ReadRecord {
  recordSeq: number;
}

/** Reads what is written down of partitions that were taken over. */
export interface RecordLoader {
  /**
   * Every record of the partition that was stored when it was asked for; unreadable ones are reported by name and
   * left out. Waits for NATS; rejects when it does not answer.
   */
  load(partition: number): Promise<LoadedRecord[]>;
}

/** Partitions that are asked for within this time of each other are loaded together. */
const GATHER_MS = 25;
/**
 * From so many on they are read in one pass over all users' records. A server looks through every subject of the
 * bucket before it delivers a part of them, which takes a tenth of the time in which it delivers them all.
 */
const TOGETHER_FROM = 8;

const STREAM = bucketStream(BUCKET_STATE);
const PREFIX = keySubject(BUCKET_STATE, "");

interface Request {
  /** by subject */
  found: Map<string, LoadedRecord>;
  done: PromiseWithResolvers<LoadedRecord[]>;
}

export function createRecordLoader(bus: Bus, logger: Logger, report: ReportUnreadable): RecordLoader {
  let asked = new Map<number, Request>();

  const take = (message: Stored, requests: ReadonlyMap<number, Request>) => {
    const { subject, seq, data, deleted } = message;
    const partition = Number(subject.slice(PREFIX.length, subject.indexOf(".", PREFIX.length)));
    const found = requests.get(partition)?.found;
    if (found === undefined) return;
    found.delete(subject);
    if (deleted) return;
    const read = readRecord(data);
    if (read) found.set(subject, { ...read, recordSeq: seq });
    else report("record", subject, seq, "the user is shown as before until their next event");
  };

  const read = (key: string, from: FollowOptions["from"], requests: ReadonlyMap<number, Request>) =>
    new Promise<void>((resolve) => {
      const following = follow(bus, {
        stream: STREAM,
        filter: keySubject(BUCKET_STATE, key),
        from,
        logger,
        onMessage: (message) => take(message, requests),
        onCaughtUp: () => void following.stop().then(resolve),
      });
    });

  /** What is written anew during the pass may move behind its end: that is read after it. */
  const readTogether = async (requests: ReadonlyMap<number, Request>) => {
    const { last } = await bus.info(STREAM);
    await read("*.*", "last-values", requests);
    await read("*.*", last + 1, requests);
  };
  const readEach = (requests: ReadonlyMap<number, Request>) =>
    Promise.all([...requests.keys()].map((partition) => read(`${partition}.*`, "last-values", requests)));

  const loadAsked = async () => {
    const requests = asked;
    asked = new Map();
    try {
      await (requests.size < TOGETHER_FROM ? readEach(requests) : readTogether(requests));
      for (const { found, done } of requests.values()) done.resolve([...found.values()]);
    } catch (error) {
      for (const { done } of requests.values()) done.reject(error);
    }
  };

  return {
    load(partition) {
      if (asked.size === 0) bus.clock.after(GATHER_MS, () => void loadAsked());
      const request = asked.get(partition) ?? { found: new Map(), done: Promise.withResolvers() };
      asked.set(partition, request);
      return request.done.promise;
    },
  };
}
