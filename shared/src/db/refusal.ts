import { StoreRefused } from "../ports/store.ts";

/** Classes of SQLSTATE that blame what was to be written: data exceptions, integrity violations, raised by a trigger. */
const CLASSES = ["22", "23", "P0"];

/**
 * The outcome of the work; errors that are no refusal pass as they are.
 * @throws {StoreRefused} PostgreSQL will never take what was to be written
 */
export async function orRefused<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isRefused(error) ? new StoreRefused(error) : error;
  }
}

function isRefused(error: unknown): boolean {
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
