import { expect, test } from "vitest";
import { createGate } from "../../src/nats/gate.ts";

test("lets so many go on at once, the others in the order in which they came, failures included", async () => {
  const gate = createGate(2);
  const begun: number[] = [];
  const finish: ((fails: boolean) => void)[] = [];
  const work = [0, 1, 2, 3].map((n) =>
    gate
      .run(() => {
        begun.push(n);
        return new Promise<number>((resolve, reject) => {
          finish[n] = (fails) => (fails ? reject(new Error(`${n}`)) : resolve(n));
        });
      })
      .catch(() => "failed"),
  );
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  finish[1]?.(true);
  expect(await work[1]).toBe("failed");
  expect(begun).toEqual([0, 1, 2]);
  finish[0]?.(false);
  await work[0];
  expect(begun).toEqual([0, 1, 2, 3]);
  finish[2]?.(false);
  finish[3]?.(false);
  expect(await Promise.all(work)).toEqual([0, "failed", 2, 3]);
});
