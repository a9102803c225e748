import { DEMO } from "@meeshy/shared/demo";
import type { TokenSubject } from "@meeshy/shared/servers/demo-token";

export const DEMO_NAMES = DEMO.users.map(({ username }) => username).join(", ");

export function demoUser(name: string): TokenSubject | undefined {
  return DEMO.users.find(({ username }) => username === name);
}
