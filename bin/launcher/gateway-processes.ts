/** The processes that hold the sockets of a gateway. */
export interface GatewayProcesses {
  /** Takes a report of the primary of several processes, made each time one was started or has ended. */
  take(report: unknown): void;
  /** Their process ids; `gateway` is its own, and holds the sockets itself where it has reported no others. */
  pids(gateway: number): number[];
}

interface ProcessReport {
  primary: number;
  processes: number[];
}

/** `onChange` is called for a gateway that is listed already: a successor is listed once it serves. */
export function createGatewayProcesses(onChange: () => void): GatewayProcesses {
  let latest: ProcessReport | undefined;
  let listed: number | undefined;
  return {
    take(report) {
      if (!isReport(report)) return;
      latest = report;
      if (report.primary === listed) onChange();
    },
    // A report of a primary that has been replaced says nothing of its successor.
    pids(gateway) {
      listed = gateway;
      return latest?.primary === gateway ? latest.processes : [gateway];
    },
  };
}

function isReport(report: unknown): report is ProcessReport {
  if (typeof report !== "object" || report === null) return false;
  if (!("primary" in report) || !("processes" in report) || !Array.isArray(report.processes)) return false;
  return [report.primary, ...report.processes].every(Number.isInteger);
}
