import { STATUS_COLORS, type StatusView } from "../status.ts";

/**
 * A dot that differs by shape as well as by colour, hollow and grey while the status may be old. Colours are
 * presentation attributes, so neither a style sheet nor inline styles are needed. Hidden from screen readers unless it
 * has a `title`.
 */
export function StatusDot({
  status,
  stale = false,
  title,
}: {
  status: StatusView["status"];
  stale?: boolean;
  title?: string;
}) {
  const color = STATUS_COLORS[stale ? "offline" : status];
  const name = title === undefined ? { "aria-hidden": true } : { role: "img", "aria-label": title };
  const stroke = { fill: "none", stroke: color, strokeWidth: 2 };
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: it has an aria-label where it stands alone
    <svg
      {...name}
      width="12"
      height="12"
      viewBox="0 0 12 12"
      className="presence-dot"
      data-presence="dot"
      data-status={status}
      data-stale={stale || undefined}
    >
      {!stale && status === "online" && <circle cx="6" cy="6" r="5" fill={color} />}
      {!stale && status === "away" && <path d="M6 1a5 5 0 1 0 5 5 3.6 3.6 0 0 1-5-5z" fill={color} />}
      {(stale || status === "offline") && (
        <circle cx="6" cy="6" r="4" {...stroke} {...(stale && { strokeDasharray: "3 2" })} />
      )}
    </svg>
  );
}
