import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { follow, type Stored } from "@meeshy/shared/nats/follow";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import { createLeaseBoard, type LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { eventually } from "@meeshy/shared/testing/eventually";
import { onTestFinished } from "vitest";
import { createNatsBus } from "../../src/nats/nats-bus.ts";
import { createPatience } from "../../src/nats/patience.ts";

export const silent = createLogger("test", "silent");

/** A link that is closed when the test ends. */
export async function openLink(url: string, name = "test"): Promise<NatsLink> {
  const link = await openNats({ url }, name);
  onTestFinished(() => link.close());
  return link;
}

/** A link, and the streams made. */
export async function openLog(url: string): Promise<NatsLink> {
  const link = await openLink(url);
  await ensureStreams(link, 1);
  return link;
}

/** The link, with parts of its client replaced. */
export function linkOver(link: NatsLink, parts: Partial<NatsLink["nc"]>): NatsLink {
  const replaced = Object.entries(parts).map(([name, value]) => [name, { value }]);
  const nc: NatsLink["nc"] = Object.create(link.nc, Object.fromEntries(replaced));
  const bus = createNatsBus({
    nc,
    clock: systemClock,
    inboxPrefix: "_INBOX_test",
    patience: createPatience(),
    acks: link.acks,
  });
  return { ...link, ...bus, nc };
}

/** A lease board that has read the present state; closed when the test ends. */
export async function openBoard(link: NatsLink): Promise<LeaseBoard> {
  const board = createLeaseBoard(link, silent);
  onTestFinished(() => board.close());
  await board.ready;
  return board;
}

/** Resolves at the link's next change to `up`. */
export function linkTurns(link: NatsLink, up: boolean): Promise<void> {
  return new Promise((resolve) => {
    const forget = link.onChange((now) => {
      if (now !== up) return;
      forget();
      resolve();
    });
  });
}

/** Every message of a stream that matches, in order. */
export async function readAll(link: NatsLink, stream: string, filter: string): Promise<Stored[]> {
  const messages: Stored[] = [];
  let done = false;
  const following = follow(link, {
    stream,
    filter,
    from: 1,
    logger: silent,
    onMessage: (message) => void messages.push(message),
    onCaughtUp: () => {
      done = true;
    },
  });
  await eventually(() => done, { what: `the end of ${stream}` });
  await following.stop();
  return messages;
}

export const json = <T>(message: { data: Uint8Array }): T => fromBytes(message.data) as T;
