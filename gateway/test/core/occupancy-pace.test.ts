import { describe, expect, it } from "vitest";
import { occupancyDueIn } from "../../src/core/occupancy-pace.ts";

const sent = { online: 5, total: 300, at: 10_000 };

describe("occupancy", () => {
  it("that the room has is not sent, however long ago it was received", () => {
    expect(occupancyDueIn({ online: 5, total: 300 }, sent, 10_000_000)).toBeUndefined();
  });

  it("that changed is sent at once after a quiet time, and otherwise 5 s after the last", () => {
    expect(occupancyDueIn({ online: 6, total: 300 }, sent, 16_000)).toBe(0);
    expect(occupancyDueIn({ online: 6, total: 300 }, sent, 11_000)).toBe(4_000);
    expect(occupancyDueIn({ online: 5, total: 301 }, sent, 11_000)).toBe(4_000);
  });

  it("is sent at once to a room that has received none", () => {
    const never = { ...sent, at: Number.NEGATIVE_INFINITY };
    expect(occupancyDueIn({ online: 6, total: 300 }, never, 0)).toBe(0);
  });
});
