/** Classes of SQLSTATE that blame what was to be written: data exceptions, integrity violations, raised by a trigger. */
const CLASSES = ["22", "23", "P0"];

/** Whether the database answered that it will never store this, as opposed to being away, busy or too slow. */
export function isRefused(error: unknown): boolean {
  const code = sqlState(error);
  return code !== undefined && CLASSES.some((start) => code.startsWith(start));
}

/** The code as the driver adapter hands it through Prisma's error for raw statements. */
function sqlState(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("meta" in error)) return undefined;
  const { meta } = error as { meta?: { driverAdapterError?: { cause?: { originalCode?: unknown } } } };
  const code = meta?.driverAdapterError?.cause?.originalCode;
  return typeof code === "string" ? code : undefined;
}
