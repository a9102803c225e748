import { describe, expect, it } from "vitest";
import { occupancyDueIn } from "../../src/core/occupancy-pace.ts";

const told = { online: 5, total: 300, at: 10_000 };

describe("occupancy", () => {
  it("that the room knows is not told, however long ago it heard", () => {
    expect(occupancyDueIn({ online: 5, total: 300 }, told, 10_000_000)).toBeUndefined();
  });

  it("that changed is told at once after a quiet time, and otherwise 5 s after the last", () => {
    expect(occupancyDueIn({ online: 6, total: 300 }, told, 16_000)).toBe(0);
    expect(occupancyDueIn({ online: 6, total: 300 }, told, 11_000)).toBe(4_000);
    expect(occupancyDueIn({ online: 5, total: 301 }, told, 11_000)).toBe(4_000);
  });

  it("is told at once to a room that has heard none", () => {
    const never = { ...told, at: Number.NEGATIVE_INFINITY };
    expect(occupancyDueIn({ online: 6, total: 300 }, never, 0)).toBe(0);
  });
});
