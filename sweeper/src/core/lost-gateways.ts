import type { Sign } from "./self-check.ts";

/** When every gateway is silent, the cause is more likely elsewhere: a gateway is lost only after so many leases. */
const ALL_SILENT_LEASES = 3;

export interface LeaseView {
  now: number;
  /** since when, without a break, this sweeper's self-check has passed */
  receivingSince: number;
  /** every gateway of the board that is not declared lost */
  gateways: readonly Sign[];
}

/**
 * The gateways to declare lost (ARCHITECTURE "sweeper"): those silent for longer than their own lease while another
 * is alive; all of them only after three. A gateway is alive whose heartbeat came within half a lease, the shorter of
 * both: gateways that fell silent together do not cross their leases at the same moment. Silence counts from
 * `receivingSince` on. Times in ms of the sweeper's own monotonic clock.
 */
export function lostGateways({ now, receivingSince, gateways }: LeaseView): string[] {
  const silentFor = (sign: Sign) => now - Math.max(sign.changedAt, receivingSince);
  const anotherLives = ({ leaseMs }: Sign) =>
    gateways.some((other) => silentFor(other) <= Math.min(leaseMs, other.leaseMs) / 2);
  const patience = (sign: Sign) => (anotherLives(sign) ? 1 : ALL_SILENT_LEASES) * sign.leaseMs;
  return gateways
    .filter((sign) => silentFor(sign) > sign.leaseMs)
    .filter((sign) => silentFor(sign) > patience(sign))
    .map(({ id }) => id);
}
