import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { StatusDot } from "../../presence/components/status-dot.tsx";

it("has a name where it stands alone, and is silent beside a label", () => {
  expect(renderToStaticMarkup(<StatusDot status="away" title="Away" />)).toContain(
    'role="img" aria-label="Away"',
  );
  expect(renderToStaticMarkup(<StatusDot status="away" />)).toContain('aria-hidden="true"');
});

it.each([
  ["online", "#10b981"],
  ["away", "#f59e0b"],
  ["offline", "#6b7280"],
] as const)(
  "is drawn in the colour of %s without any inline style, which a strict policy would refuse",
  (status, color) => {
    const html = renderToStaticMarkup(<StatusDot status={status} />);
    expect(html).toContain(color);
    expect(html).not.toContain("style=");
  },
);
