import type { Bus } from "@meeshy/shared/ports/bus";
import { createRandom } from "../../../chaos/random.ts";
import { createBroker } from "../../bus/broker.ts";
import { createLink } from "../../bus/link.ts";
import { createSimBus } from "../../bus/sim-bus.ts";
import { createProcess } from "../../engine/process.ts";
import { createScheduler } from "../../engine/scheduler.ts";
import { describeBus } from "./conformance.ts";

const WALL_START = 1_700_000_000_000;

async function run(work: (bus: Bus, other: Bus) => Promise<void>): Promise<void> {
  const scheduler = createScheduler();
  const random = createRandom(1);
  const broker = createBroker({ scheduler, random, wallStart: WALL_START });
  const open = (name: string) => {
    const process = createProcess({ name, scheduler, random, wallStart: WALL_START });
    const link = createLink(process, scheduler, random);
    return { link, bus: createSimBus({ process, link, broker, random }) };
  };
  const [one, other] = [open("one"), open("other")];
  let isOver = false;
  const working = Promise.all([one.link.opened, other.link.opened])
    .then(() => work(one.bus, other.bus))
    .finally(() => {
      isOver = true;
    });
  while (!isOver) await scheduler.run(scheduler.now() + 10);
  await working;
}

describeBus("the broker in memory", { run });
