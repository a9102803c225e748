import { expect, it } from "vitest";
import { createEventParser, eventsIn } from "../../console/event-stream.ts";

const WHOLE =
  'event: transition\nid: 7\ndata: {"a":1}\n\n: keep open\n\nevent: other\r\ndata: x\r\ndata: y\r\n\r\n';
const EVENTS = [
  { event: "transition", data: '{"a":1}' },
  { event: "other", data: "x\ny" },
];

it("gives the same events wherever the text is cut", () => {
  for (let at = 0; at <= WHOLE.length; at++) {
    const parser = createEventParser();
    const found = [...parser.push(WHOLE.slice(0, at)), ...parser.push(WHOLE.slice(at))];
    expect(found).toEqual(EVENTS);
  }
});

it("keeps an event that is not complete until it is", () => {
  const parser = createEventParser();
  expect(parser.push("data: 1")).toEqual([]);
  expect(parser.push("2\n\n")).toEqual([{ event: "message", data: "12" }]);
});

it("reads a body until it ends, characters cut in two included", async () => {
  const bytes = new TextEncoder().encode("data: é\n\n");
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const found = [];
  for await (const event of eventsIn(body, 1_000)) found.push(event);
  expect(found).toEqual([{ event: "message", data: "é" }]);
});

it("fails when nothing comes any more, and ends the reading", async () => {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    cancel() {
      isCancelled = true;
    },
  });
  await expect(eventsIn(body, 5).next()).rejects.toThrow("silent");
  expect(isCancelled).toBe(true);
});
