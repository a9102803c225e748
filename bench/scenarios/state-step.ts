import type { UserEvent } from "@meeshy/shared/events";
import type { ActorEvent } from "../../presence-worker/src/core/actor.ts";
import { emptyRecord, type UserRecord } from "../../presence-worker/src/core/record.ts";
import { createTransition } from "../../presence-worker/src/core/transition.ts";
import { profileOf } from "../fleet/log-events.ts";
import { createPlainReducer } from "../peers/plain-reducer.ts";
import { targetOf } from "../report/figures.ts";
import type { Outcome, Sample, Scenario } from "../scenario.ts";

const RULES = { offlineThresholdMs: 300_000, graceMs: 5_000, multiDevice: "allow" as const };
const USERS = 5_000;
const ROUNDS = 12;
const WARM_UP = 4;

type Step = (record: UserRecord, event: ActorEvent) => { record: UserRecord };

/** A connect, four activities and a goodbye for each of many users, event by event as a partition gets them. */
export const stateStep: Scenario = {
  name: "state-step",
  title: "one event through the worker's XState machine, and through a plain immutable reducer",
  async run(): Promise<Outcome> {
    const steps: [string, Step][] = [
      ["XState machine", createTransition(RULES)],
      ["plain reducer", createPlainReducer(RULES)],
    ];
    const samples: Sample[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const ends = steps.map(([subject, step]) => {
        const { usPerEvent, online } = runOnce(step);
        if (round >= WARM_UP) samples.push({ subject, figures: { "µs/event": usPerEvent } });
        return online;
      });
      if (new Set(ends).size > 1) throw new Error(`they disagree: ${ends.join(" and ")} users online`);
    }
    return {
      samples,
      targets: [
        targetOf(samples, {
          what: "state step, against 3 × a plain immutable reducer, µs",
          ...{ subject: "XState machine", figure: "µs/event", wants: "at most" },
          bound: { subject: "plain reducer", times: 3 },
        }),
      ],
      notes: ["The reducer knows only connects, activity and losses; the machine also asks everything else."],
    };
  },
};

function runOnce(step: Step): { usPerEvent: number; online: number } {
  const records = Array.from({ length: USERS }, (_, n) => emptyRecord(`u${n}`));
  const story = (n: number): UserEvent[] => [
    {
      ...{ type: "connected", connectionId: `c${n}`, gatewayId: "g", device: null, idleMs: 0 },
      profile: profileOf(`u${n}`, ["general"]),
    },
    ...Array.from({ length: 4 }, () => ({ type: "activity" as const })),
    {
      ...{ type: "disconnected", connectionId: `c${n}` },
      reason: n % 2 === 0 ? "client namespace disconnect" : "transport close",
    },
  ];
  const stories = records.map((_, n) => story(n));
  const length = stories[0]?.length ?? 0;
  let seq = 0;
  const { user, system } = process.cpuUsage();
  const before = user + system;
  for (let at = 0; at < length; at++) {
    for (let n = 0; n < USERS; n++) {
      const event = { ...(stories[n]?.[at] as UserEvent), seq: ++seq, epoch: 1, now: seq, date: seq };
      records[n] = step(records[n] as UserRecord, event).record;
    }
  }
  const after = process.cpuUsage();
  return {
    usPerEvent: (after.user + after.system - before) / (length * USERS),
    online: records.filter(({ shown }) => shown?.isOnline).length,
  };
}
