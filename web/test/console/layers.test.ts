import { expect, it } from "vitest";
import { layersOf } from "../../console/layers.ts";
import type { Explanation } from "../../console/wire.ts";

type Choices = Explanation["choices"];
const plain = { availability: "available", statusText: null } as const;
const claim = (source: string, availability: "available" | "busy" | "dnd") =>
  ({ source, availability, statusText: null, expiresAt: null }) as const;
const applied = (choices: Partial<Choices>) =>
  layersOf({ standing: plain, timed: null, services: [], ...choices })
    .filter(({ applies }) => applies)
    .map(({ name }) => name);

it("says which layer others see: invisible, then the timed choice, then the standing one, then services", () => {
  const timed = { availability: "busy", statusText: null, expiresAt: "2026-06-01T12:00:00.000Z" } as const;
  const services = [claim("phone", "dnd")];
  const invisible = { ...plain, availability: "invisible" } as const;
  expect(applied({})).toEqual(["Standing choice"]);
  expect(applied({ services })).toEqual(["Service phone"]);
  expect(applied({ services, standing: { ...plain, statusText: "here" } })).toEqual(["Standing choice"]);
  expect(applied({ services, timed })).toEqual(["Timed choice"]);
  expect(applied({ services, timed, standing: invisible })).toEqual(["Standing choice"]);
});

it("of services the strongest claim applies, and of equals the newest", () => {
  expect(applied({ services: [claim("a", "dnd"), claim("b", "busy")] })).toEqual(["Service a"]);
  expect(applied({ services: [claim("a", "busy"), claim("b", "busy"), claim("c", "available")] })).toEqual([
    "Service b",
  ]);
});
