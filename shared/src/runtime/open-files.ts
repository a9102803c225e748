/** How many files this process may have open (`ulimit -n`); `undefined`: not known, or any number. */
export function openFilesLimit(): number | undefined {
  // Otherwise every open connection is looked up by name. The types do not know it yet.
  Object.assign(process.report, { excludeNetwork: true });
  const report: unknown = process.report.getReport();
  const { soft } =
    (report as { userLimits?: { open_files?: { soft?: unknown } } }).userLimits?.open_files ?? {};
  return typeof soft === "number" ? soft : undefined;
}
