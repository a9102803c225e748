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
    credentials: { external?: { user: string; password: string } };
  };
  database: { url: string; pid: number | null };
};
