import { startTcpProxy, type TcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { type LinkAnswer, type LinkOrder, type LinkState, withWrongPassword } from "./link-state.ts";

/**
 * A process that carries the links between the services and the broker, and nothing else: the driver, busy with
 * hundreds of clients, would slow them. It ends with the driver.
 */
interface Link {
  proxy: TcpProxy;
  state: LinkState["kind"];
}

const links = new Map<string, Link>();
process.on("disconnect", () => process.exit());
// The driver ends it, in its own order.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.on("message", (order: LinkOrder) => void carryOut(order).then((answer) => process.send?.(answer)));

async function carryOut(order: LinkOrder): Promise<LinkAnswer> {
  const { id } = order;
  if ("names" in order) {
    for (const name of order.names) links.set(name, await open(order.targetPort));
    return { id, ports: Object.fromEntries([...links].map(([name, { proxy }]) => [name, proxy.port])) };
  }
  const link = links.get(order.name);
  if (!link) throw new Error(`there is no link ${order.name}`);
  set(link, order.state);
  return { id };
}

async function open(targetPort: number): Promise<Link> {
  const link: Omit<Link, "proxy"> = { state: "open" };
  const proxy = await startTcpProxy(targetPort, {
    onFirstChunk: (chunk) => (link.state === "refused" ? withWrongPassword(chunk) : chunk),
  });
  return Object.assign(link, { proxy });
}

function set(link: Link, state: LinkState): void {
  const { proxy } = link;
  link.state = state.kind;
  if (state.kind === "open") proxy.mend();
  else if (state.kind === "cut") proxy.cut();
  else if (state.kind === "frozen") proxy.freeze();
  else if (state.kind === "frozen-in") proxy.deafen();
  else if (state.kind === "frozen-out") proxy.mute();
  else if (state.kind === "slow") proxy.slow(state.delayMs);
  else if (state.kind === "narrow") proxy.narrow(state.bytesPerSecond);
  else proxy.drop();
}
