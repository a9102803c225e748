import { expect, test } from "vitest";
import { Availability as StoredAvailability } from "../../src/db/generated/enums.ts";
import { AVAILABILITIES, type Availability } from "../../src/status.ts";

/** A new availability needs a value in `schema.prisma` and a migration: this does not compile before. */
const STORED: Record<Availability, StoredAvailability> = StoredAvailability;

test("the database has a value for every availability, and no other", () => {
  expect(Object.values(STORED).sort()).toEqual([...AVAILABILITIES].sort());
});
