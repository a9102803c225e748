import { leaseKeys, partitionOf } from "@meeshy/shared/subjects";
import { expect, it } from "vitest";
import type { ClientConnection } from "../../src/connections/connections.ts";
import { type ClosureProofDeps, createClosureProof } from "../../src/sockets/closure-proof.ts";

const GATEWAY = "gw-1";
const IN_STEP = { number: 3, lost: false };

/** A proof by a checkpoint of epoch 2 at sequence 100, in which this gateway stands as given. */
function proofBy(writer: object | undefined, { epoch = 2 } = {}) {
  const values = new Map<string, unknown>([
    [leaseKeys.epoch, { epoch: 2, from: 50 }],
    [
      leaseKeys.partition(partitionOf("alice")),
      {
        owner: "w1",
        memory: { epoch, seq: 100, publishers: writer === undefined ? {} : { [GATEWAY]: writer } },
      },
    ],
  ]);
  const board = { get: (key: string) => (values.has(key) ? { value: values.get(key) } : undefined) };
  return createClosureProof({ board, log: { gatewayId: () => GATEWAY } } as unknown as ClosureProofDeps);
}

const connection = (seq: number, gatewayId = GATEWAY) =>
  ({ userId: "alice", logged: { seq, gatewayId } }) as ClientConnection;

it("a record proves something of a connection whose announcement the partition has taken", () => {
  expect(proofBy(IN_STEP).isCovered(connection(100))).toBe(true);
});

it.each([
  ["lies behind the checkpoint", proofBy(IN_STEP), connection(101)],
  ["is of a former life", proofBy(IN_STEP), connection(60, "gw-0")],
  ["is of a partition that has read nothing of this gateway", proofBy(undefined), connection(60)],
  ["is of a partition that declared this gateway lost", proofBy({ ...IN_STEP, lost: true }), connection(60)],
  [
    "is of a partition that takes nothing behind a hole",
    proofBy({ ...IN_STEP, number: 0, holeSince: 1 }),
    connection(60),
  ],
  ["is of another epoch than the checkpoint", proofBy(IN_STEP, { epoch: 1 }), connection(60)],
])("it proves nothing where the announcement %s", (_, proof, announced) => {
  expect(proof.isCovered(announced)).toBe(false);
});
