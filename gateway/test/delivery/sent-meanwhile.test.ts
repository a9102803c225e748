import type { UserStatus } from "@meeshy/shared/status";
import { expect, it } from "vitest";
import type { ClientConnection } from "../../src/connections/connections.ts";
import { createSentMeanwhile } from "../../src/delivery/sent-meanwhile.ts";

const status = (version: number) => ({ userId: "bob", isOnline: true, version }) as UserStatus;
const open = () => ({ socket: { id: "socket" } }) as ClientConnection;

it("the last of changes and whole views counts, and a view that does not name the person shows nothing of them", () => {
  const ledger = createSentMeanwhile();
  const connection = open();
  const shown = (deeds: () => void) => {
    ledger.noteView(connection, []);
    ledger.begin("bob");
    deeds();
    return ledger.end("bob")(connection);
  };
  const change = () => ledger.note(status(1), ["socket"]);
  const view = () => ledger.noteView(connection, [status(2)]);
  const empty = () => ledger.noteView(connection, []);
  const both = (first: () => void, second: () => void) => () => {
    first();
    second();
  };
  expect(shown(() => {})).toBeUndefined();
  expect(shown(change)).toEqual(status(1));
  expect(shown(both(change, view))).toEqual(status(2));
  expect(shown(both(view, change))).toEqual(status(1));
  expect(shown(empty)).toMatchObject({ isOnline: false, version: 0 });
  expect(shown(both(view, empty))).toMatchObject({ isOnline: false, version: 0 });
  expect(shown(both(empty, change))).toEqual(status(1));
});

it("who waits already goes on waiting, and nothing is kept of those who do not", () => {
  const ledger = createSentMeanwhile();
  const connection = open();
  ledger.note(status(1), ["socket"]);
  ledger.begin("bob");
  ledger.note(status(2), ["socket"]);
  ledger.begin("bob");
  expect(ledger.end("bob")(connection)).toEqual(status(2));
  expect(ledger.end("bob")(connection)).toBeUndefined();
});
