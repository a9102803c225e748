import { isLater } from "@meeshy/shared/versions";
import { SIDE_BY_SIDE } from "../versions/release.ts";
import type { World } from "../world/world.ts";
import { anySlot, BOTH, type Kind, lasts, ofProcess } from "./kind.ts";

const BOARD = "KV_PRESENCE_LEASES";
const RESTART_MS = 5_000;
/** An operator looks at what a release that was taken back has left. */
const OPERATOR_MS = 5_000;
const decoder = new TextDecoder();

/** Releases side by side: processes come back as another one, one of them or all in turn. */
export const RELEASE_FAULTS: readonly Kind[] = [
  ofProcess("release", { storm: 3, calm: 3 }, (slot, world, random) => {
    const release = random.pick(SIDE_BY_SIDE.filter((other) => other !== slot.release));
    const isKilled = random.next() < 0.5;
    return {
      name: `${slot.running.name} comes back as ${release} release${isKilled ? ", killed" : ""}`,
      lastsMs: RESTART_MS,
      begin() {
        slot.release = release;
        if (isKilled) world.kill(slot, RESTART_MS / 5, "killed, to be of another release");
        else world.restart(slot);
      },
      end: () => {},
    };
  }),
  {
    name: "rolling upgrade",
    weight: { storm: 1, calm: 1 },
    make(world, random) {
      const release = random.pick(SIDE_BY_SIDE);
      const slots = random.shuffled(world.slots.filter((slot) => slot.release !== release));
      const everyMs = world.profile.settleMs / 10;
      return {
        name: `all come back as ${release} release`,
        lastsMs: slots.length * everyMs,
        excuses: BOTH,
        begin() {
          for (const [turn, slot] of slots.entries())
            world.scheduler.after(turn * everyMs, () => {
              slot.release = release;
              world.restart(slot);
            });
        },
        end: () => {},
      };
    },
  },
  {
    name: "release taken back",
    weight: { storm: 1, calm: 1 },
    make(world, random) {
      const slot = anySlot(world, random, "worker");
      if (slot === undefined || world.slots.some(({ release }) => release === "incompatible"))
        return undefined;
      return {
        name: `${slot.running.name} comes back as an incompatible release, which is taken back`,
        lastsMs: lasts(world, random),
        // Its checkpoints go with its leases.
        excuses: { ...BOTH, loss: true },
        begin() {
          slot.release = "incompatible";
          world.kill(slot, RESTART_MS / 5, "killed, to be of an incompatible release");
        },
        end() {
          slot.release = "present";
          world.kill(slot, RESTART_MS / 5, "killed, to be of this release again");
          world.scheduler.after(OPERATOR_MS, () => deleteUnreadable(world));
        },
      };
    },
  },
];

/** What ADR 0013 has an operator do: the leases and the epoch that this release cannot read are deleted. */
function deleteUnreadable(world: World): void {
  const { broker } = world;
  const board = broker.streams().get(BOARD);
  if (board === undefined) return;
  const unreadable = [...board.since(1)].filter(({ subject, data, deleted }) => {
    const format = subject.startsWith(`$KV.PRESENCE_LEASES.p.`)
      ? "lease"
      : subject === "$KV.PRESENCE_LEASES.epoch"
        ? "epoch"
        : undefined;
    return format !== undefined && !deleted && isLater(format, JSON.parse(decoder.decode(data)));
  });
  for (const { subject } of unreadable) {
    broker.append(subject, new Uint8Array(), { deletes: true }, () => {});
    world.say(`an operator deletes ${subject}`);
  }
}
