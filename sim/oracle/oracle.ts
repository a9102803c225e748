import type { Trouble } from "../faults/schedule.ts";
import { lookAfterAccounts } from "../world/account-deeds.ts";
import type { World } from "../world/world.ts";
import { administer } from "./administrator.ts";
import { BroadcastJudge } from "./broadcasts.ts";
import { CaseBook, type Finding } from "./case-book.ts";
import { judgeClosings, judgeDeleted } from "./closures.ts";
import { createCopyCounter } from "./copies.ts";
import { createEpochJudge } from "./epochs.ts";
import { judgeSizes } from "./sizes.ts";
import { ViewJudge } from "./views.ts";

/** Judges a world by what its users did and what viewers were shown, without the service's own code. */
export interface Oracle {
  findings: readonly Finding[];
}

export function createOracle(
  world: World,
  troubles: readonly Trouble[],
  onFinding: (finding: Finding) => void,
): Oracle {
  const { scheduler, profile } = world;
  const cases = new CaseBook(world, troubles, onFinding);
  const broadcasts = new BroadcastJudge(world, cases);
  const views = new ViewJudge(world, cases);
  const judgeEpoch = createEpochJudge(world, cases);
  const countCopies = createCopyCounter(world, cases.report);

  const sample = () => {
    scheduler.after(profile.sampleEveryMs, sample);
    const excused = {
      shown: cases.isExcused(({ shown }) => shown === true),
      gone: cases.isExcused(({ gone }) => gone === true),
    };
    views.judge(excused);
    if (!excused.shown && !excused.gone) judgeSizes(world, cases.report);
    for (const person of world.people.everyone) void judgeDeleted(world, cases, person);
    judgeEpoch();
    countCopies();
  };

  world.onShown((shown) => broadcasts.judge(shown));
  world.onCrash((name, error) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    // A process whose lease was taken from it ends by design.
    if (!text.includes("was taken away"))
      cases.report("crash", name, text.split("\n").slice(0, 3).join(" | "));
  });
  scheduler.after(profile.settleMs, sample);
  judgeClosings(world, cases);
  administer(world);
  lookAfterAccounts(world);
  return { findings: cases.findings };
}
