import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, it, vi } from "vitest";
import { ConsoleError } from "../../console/failure.ts";
import { createLiveFeed, ROWS_MAX } from "../../console/live-feed.ts";
import type { LiveTransition } from "../../console/wire.ts";
import { transition } from "./build.ts";

const of = (userId: string): LiveTransition => ({ ...transition(0, "offline", "online"), userId });

/** A stream that the test feeds and ends. */
function openStreams() {
  const streams: { emit: (transition: LiveTransition) => void; fail: (error: Error) => void }[] = [];
  return {
    streams,
    transitions(emit: (transition: LiveTransition) => void, onOpen: () => void): Promise<void> {
      onOpen();
      return new Promise((_resolve, reject) => streams.push({ emit, fail: reject }));
    },
  };
}

it("shows the newest first, and no more than it can hold", async () => {
  const { streams, transitions } = openStreams();
  const feed = createLiveFeed({ transitions }, Date.now);
  feed.start();
  feed.start();
  expect(streams).toHaveLength(1);
  for (let index = 0; index < ROWS_MAX + 10; index++) streams[0]?.emit(of(`u${index}`));
  await eventually(() => feed.view().rows.length === ROWS_MAX);
  expect(feed.view().rows[0]).toMatchObject({
    kind: "transition",
    transition: { userId: `u${ROWS_MAX + 9}` },
  });
  feed.stop();
});

it("opens the stream again when it is lost, and marks the time in between", async () => {
  const { streams, transitions } = openStreams();
  const feed = createLiveFeed({ transitions }, Date.now);
  feed.start();
  streams[0]?.emit(of("alice"));
  await eventually(() => feed.view().rows.length === 1);
  streams[0]?.fail(new ConsoleError("unavailable", "NATS is away."));
  await eventually(() => feed.view().phase === "lost");
  expect(feed.view().failure?.message).toBe("NATS is away.");
  await eventually(() => feed.view().phase === "live");
  streams[1]?.emit(of("bob"));
  await eventually(() => feed.view().rows.length === 3);
  expect(feed.view().rows.map(({ kind }) => kind)).toEqual(["transition", "gap", "transition"]);
  feed.stop();
});

it("does not ask again with a token that is refused", async () => {
  let calls = 0;
  const transitions = () => {
    calls++;
    return Promise.reject(new ConsoleError("forbidden", "No."));
  };
  const feed = createLiveFeed({ transitions }, Date.now);
  vi.useFakeTimers();
  try {
    feed.start();
    await vi.advanceTimersByTimeAsync(600_000);
    expect([feed.view().phase, calls]).toEqual(["lost", 1]);
    feed.stop();
  } finally {
    vi.useRealTimers();
  }
});
