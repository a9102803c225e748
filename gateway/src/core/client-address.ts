/** Longest text that is taken for an address. */
const ADDRESS_MAX = 64;

/**
 * Whom a request is counted for, by address: what the nearest `proxies` proxies say of it, since whatever stands
 * further left in `X-Forwarded-For` may be forged. An IPv6 host counts by its network (/64). null: only
 * the machine itself is known, as behind a proxy that was not named, so that counting would lock out everyone.
 */
export function clientAddress(
  remote: string | undefined,
  forwardedFor: string | undefined,
  proxies: number,
): string | null {
  const chain = (forwardedFor ?? "").split(",").map((part) => part.trim());
  const hops = [...chain.filter(Boolean), remote ?? ""];
  const address = hops[Math.max(0, hops.length - 1 - proxies)] ?? "";
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").slice(0, ADDRESS_MAX);
  if (plain === "" || plain === "::1" || plain.startsWith("127.")) return null;
  return plain.includes(":") ? networkOf(plain) : plain;
}

function networkOf(address: string): string {
  const [head = "", tail] = address.toLowerCase().split("::");
  const groups = head.split(":").filter(Boolean);
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(":").filter(Boolean).length;
  const whole = [...groups, ...Array.from({ length: Math.max(0, missing) }, () => "0")];
  return `${[...whole, ...(tail?.split(":") ?? [])].slice(0, 4).join(":")}::/64`;
}
