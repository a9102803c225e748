import type * as servers from "@meeshy/shared/socket-events";
import { expect, it } from "vitest";
import { readOccupancy, readStatuses } from "../../presence/read-wire.ts";
import type * as own from "../../presence/wire.ts";
import { buildStatus } from "./build-status.ts";

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

it("has the types of the servers' events", () => {
  // The compiler holds it: a difference is no `true`.
  const same: [
    Same<own.ServerToClientEvents, servers.ServerToClientEvents>,
    Same<own.ClientToServerEvents, servers.ClientToServerEvents>,
    Same<own.PresenceSnapshot, servers.PresenceSnapshot>,
    Same<own.PresenceSelf, servers.PresenceSelf>,
  ] = [true, true, true, true];
  expect(same).not.toContain(false);
});

it("reads unknown values of a later server as defaults, and leaves out what is no status", () => {
  const later = { ...buildStatus("bob"), cause: "telepathy", availability: "asleep" };
  const garbage = [null, 7, "x", {}, { userId: 1 }, { userId: "eve" }, [later]];
  expect(readStatuses([...garbage, later])).toEqual([
    { ...later, cause: "manual", availability: "available" },
  ]);
  expect(readStatuses({ length: 3 })).toEqual([]);
  const { username: _, ...nameless } = buildStatus("bob", { statusText: 7 as never });
  expect(readStatuses([nameless])).toEqual([{ ...buildStatus("bob"), username: null }]);
  expect(
    readOccupancy([null, { conversationId: "c" }, { conversationId: "c", online: 1, total: 2 }]),
  ).toEqual([{ conversationId: "c", online: 1, total: 2 }]);
});
