import type { GuestRole } from "../nats/permissions.ts";

type Endpoint = { url: string; pid: number };

/**
 * The content of `<data-dir>/stack.json`: what runs, for tools and tests (CONTRACT 1). `pid` is null where a
 * server of somebody else's is used.
 */
export type Stack = {
  gateways: Endpoint[];
  workers: Endpoint[];
  sweepers: Endpoint[];
  nats: {
    url: string;
    pid: number | null;
    /** of an embedded server: for other teams' readers, and their trusted services */
    credentials: Partial<Record<GuestRole, { user: string; password: string }>>;
  };
  database: { url: string; pid: number | null };
};
