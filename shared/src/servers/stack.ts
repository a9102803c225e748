import type { ExternalRole } from "../nats/permissions.ts";

type Endpoint = { url: string; pid: number };
/**
 * A gateway: `opsUrl` is for operators, with its metrics; `pid` is the process to stop it by, `processes` are those that
 * hold its sockets, which may be that one.
 */
type GatewayEndpoint = Endpoint & { opsUrl: string; processes: { pid: number }[] };

/**
 * The content of `<data-dir>/stack.json`: what runs, for tools and tests (CONTRACT 1). `pid` is null where a
 * server that the launcher has not started is used.
 */
export type Stack = {
  gateways: GatewayEndpoint[];
  workers: Endpoint[];
  sweepers: Endpoint[];
  nats: {
    url: string;
    pid: number | null;
    /** of an embedded server: for other teams' readers, and their trusted services */
    credentials: Partial<Record<ExternalRole, { user: string; password: string }>>;
  };
  database: { url: string; pid: number | null };
};
