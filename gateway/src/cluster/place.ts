import { join } from "node:path";
import { z } from "zod";

/** Which of the processes of a port this one is. The primary gives it by the environment. */
export interface Place {
  /** from 1 */
  number: number;
  processes: number;
  /** directory, of this user alone, of the sockets by which the processes pass requests on to each other */
  directory: string;
}

/** Named apart from the variables that people set: these are given by a primary alone. */
const placeEnv = z.object({
  MEESHY_GATEWAY_PROCESS: z.coerce.number().int().min(1),
  GATEWAY_PROCESSES: z.coerce.number().int().min(1),
  MEESHY_GATEWAY_PROCESS_DIR: z.string().min(1),
});

export const placeToEnv = ({ number, processes, directory }: Place): z.input<typeof placeEnv> => ({
  MEESHY_GATEWAY_PROCESS: String(number),
  GATEWAY_PROCESSES: String(processes),
  MEESHY_GATEWAY_PROCESS_DIR: directory,
});

/** @throws {ZodError} it was not the primary that started this process */
export function readPlace(env: Record<string, string | undefined>): Place {
  const { MEESHY_GATEWAY_PROCESS, GATEWAY_PROCESSES, MEESHY_GATEWAY_PROCESS_DIR } = placeEnv.parse(env);
  return {
    number: MEESHY_GATEWAY_PROCESS,
    processes: GATEWAY_PROCESSES,
    directory: MEESHY_GATEWAY_PROCESS_DIR,
  };
}

/** The socket on which a process takes what its siblings pass on. */
export const socketOf = (directory: string, number: number): string => join(directory, `${number}.sock`);
