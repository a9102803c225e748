import { chmod, mkdir } from "node:fs/promises";
import { unprivilegedUser } from "@meeshy/shared/servers/unprivileged-user";

/**
 * Makes the data directory, open to its owner alone; when that is root, the user that PostgreSQL runs as
 * may pass through it to its own part.
 */
export async function makeDataDir(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await chmod(dataDir, unprivilegedUser() ? 0o711 : 0o700);
  await mkdir(`${dataDir}/logs`, { recursive: true, mode: 0o700 });
}
