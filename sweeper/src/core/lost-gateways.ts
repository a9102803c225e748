import type { Sign } from "./deaf-guard.ts";

/** When every gateway is silent the fault is more likely somewhere else: this many leases are waited. */
const ALL_SILENT_LEASES = 3;

export interface LeaseView {
  now: number;
  /** since when this sweeper has been able to hear without a break */
  hearingSince: number;
  /** every gateway of the board that is not declared lost */
  gateways: readonly Sign[];
}

/**
 * The gateways to declare lost (DESIGN "sweeper"): those silent for longer than their own lease while another
 * is alive; all of them only after three. Alive is who was heard within half a lease, the shorter of both:
 * gateways that fell silent together do not cross their leases at the same moment. Silence counts from when this sweeper
 * could hear. Times in ms of its own monotonic clock.
 */
export function lostGateways({ now, hearingSince, gateways }: LeaseView): string[] {
  const silentFor = (sign: Sign) => now - Math.max(sign.changedAt, hearingSince);
  const anotherLives = ({ leaseMs }: Sign) =>
    gateways.some((other) => silentFor(other) <= Math.min(leaseMs, other.leaseMs) / 2);
  const patience = (sign: Sign) => (anotherLives(sign) ? 1 : ALL_SILENT_LEASES) * sign.leaseMs;
  return gateways
    .filter((sign) => silentFor(sign) > sign.leaseMs)
    .filter((sign) => silentFor(sign) > patience(sign))
    .map(({ id }) => id);
}
