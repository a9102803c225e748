import { describe, expect, it } from "vitest";
import { type LastPass, passesThrottle, type ShownVersion } from "../../src/core/activity-throttle.ts";

const online = (version: number, epoch = 1): ShownVersion => ({ isOnline: true, epoch, version });
const offline = (version: number, epoch = 1): ShownVersion => ({ isOnline: false, epoch, version });
const last = (at: number, version: number, epoch = 1): LastPass => ({ at, epoch, version });

describe("an activity", () => {
  it.each<[string, number, LastPass | undefined, ShownVersion | undefined, boolean]>([
    ["the first one passes", 0, undefined, online(1), true],
    ["another within the time does not", 59_999, last(0, 1), online(1), false],
    ["nor when something else was shown of the user, who is online", 1, last(0, 1), online(9), false],
    ["one after the time does", 60_000, last(0, 1), online(1), true],
    ["of a user who has gone offline since passes at once", 1, last(0, 1), offline(9), true],
    ["of a user offline since before the last pass waits for its answer", 1, last(0, 9), offline(9), false],
    ["of a user offline in a new epoch passes at once", 1, last(0, 9), offline(9, 2), true],
    ["of a user of whom nothing is shown, as before, waits", 1, last(0, 0, 0), undefined, false],
    ["of a user whose status is gone since passes at once", 1, last(0, 4), undefined, true],
  ])("%s", (_, now, previous, shown, passes) => {
    expect(passesThrottle({ now, throttleMs: 60_000, last: previous, shown })).toBe(passes);
  });

  it("always passes without a throttle", () => {
    expect(passesThrottle({ now: 5, throttleMs: 0, last: last(5, 1), shown: online(1) })).toBe(true);
  });
});
