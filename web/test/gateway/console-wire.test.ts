import { expectTypeOf, it } from "vitest";
import type { z } from "zod";
import type { presenceExplanation } from "../../../gateway/src/routes/explain-presence.ts";
import type { peopleAnswer } from "../../../gateway/src/routes/list-people.ts";
import type { partitionsAnswer } from "../../../gateway/src/routes/read-partitions.ts";
import type { Explanation, PeoplePage, Processes } from "../../console/wire.ts";

it("the console's types are those of the gateway's answers", () => {
  expectTypeOf<z.infer<typeof peopleAnswer>>().toExtend<PeoplePage>();
  expectTypeOf<z.infer<typeof partitionsAnswer>>().toExtend<Processes>();
  expectTypeOf<z.infer<typeof presenceExplanation>>().toExtend<Explanation>();
});
