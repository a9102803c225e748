import { expect, it } from "vitest";
import { clientAddress } from "../../src/core/client-address.ts";

it.each<[string, string | undefined, string | undefined, number, string | null]>([
  ["a host that connects itself", "203.0.113.9", undefined, 0, "203.0.113.9"],
  ["the same, written for IPv6", "::ffff:203.0.113.9", undefined, 0, "203.0.113.9"],
  ["what it says of itself", "203.0.113.9", "198.51.100.1", 0, "203.0.113.9"],
  ["a host behind a proxy", "10.0.0.1", "198.51.100.1", 1, "198.51.100.1"],
  ["one that lies to the proxy", "10.0.0.1", "1.1.1.1, 198.51.100.1", 1, "198.51.100.1"],
  ["a host behind two proxies", "10.0.0.1", "1.1.1.1,198.51.100.1 , 10.0.0.2", 2, "198.51.100.1"],
  ["a proxy that says nothing", "10.0.0.1", undefined, 1, "10.0.0.1"],
  ["this machine", "127.0.0.1", undefined, 0, null],
  ["this machine by IPv6", "::1", undefined, 0, null],
  ["a proxy on this machine that was not named", "::ffff:127.0.0.1", "198.51.100.1", 0, null],
  ["a proxy on this machine that was", "127.0.0.1", "198.51.100.1", 1, "198.51.100.1"],
  ["nothing at all", undefined, undefined, 0, null],
  ["an IPv6 host, by its network", "2001:db8:1:2:3:4:5:6", undefined, 0, "2001:db8:1:2::/64"],
  ["another of the same", "2001:DB8:1:2::9", undefined, 0, "2001:db8:1:2::/64"],
  ["one written short", "2001:db8::1", undefined, 0, "2001:db8:0:0::/64"],
])("counts %s", (_, remote, forwarded, proxies, expected) => {
  expect(clientAddress(remote, forwarded, proxies)).toBe(expected);
});
