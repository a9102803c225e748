import { expect, test } from "vitest";
import { createGatewayProcesses } from "../launcher/gateway-processes.ts";

test("a gateway that reports no processes holds its sockets itself", () => {
  expect(createGatewayProcesses(() => {}).pids(7)).toEqual([7]);
});

test("the last report of the present primary counts, and one of its predecessor does not", () => {
  let changes = 0;
  const processes = createGatewayProcesses(() => {
    changes++;
  });
  processes.take({ primary: 7, processes: [8] });
  expect(processes.pids(7)).toEqual([8]);
  processes.take({ primary: 7, processes: [8, 9] });
  expect(processes.pids(7)).toEqual([8, 9]);
  expect(changes).toBe(1);
  expect(processes.pids(10)).toEqual([10]);
});

test("a successor is not listed by what it reports before it serves", () => {
  const processes = createGatewayProcesses(() => expect.unreachable());
  processes.take({ primary: 7, processes: [8] });
  processes.pids(7);
  processes.take({ primary: 10, processes: [11] });
  expect(processes.pids(10)).toEqual([11]);
});

test.each([
  [null],
  ["text"],
  [{ processes: [1] }],
  [{ primary: "7", processes: [] }],
  [{ primary: 7, processes: ["x"] }],
])("%j is no report", (report) => {
  const processes = createGatewayProcesses(() => expect.unreachable());
  processes.take(report);
  expect(processes.pids(7)).toEqual([7]);
});
