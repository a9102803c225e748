import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

const value = z.object({
  stringValue: z.string().optional(),
  intValue: z.union([z.number(), z.string()]).optional(),
});
const attributes = z.array(z.object({ key: z.string(), value: value.loose() })).default([]);
const bodySchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
              kind: z.number(),
              attributes,
              links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** A span as it was exported. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  /** empty: the root of its trace */
  parentId: string;
  name: string;
  /** of OTLP: 1 internal, 2 server, 3 client, 4 producer, 5 consumer */
  kind: number;
  service: string;
  attributes: Record<string, string | undefined>;
  links: { traceId: string; spanId: string }[];
}

export interface OtlpReceiver {
  url: string;
  spans: readonly ReceivedSpan[];
  stop(): void;
}

const read = (given: z.infer<typeof attributes>) =>
  Object.fromEntries(given.map(({ key, value: of }) => [key, of.stringValue ?? of.intValue?.toString()]));

/** Takes what processes export by OTLP over HTTP, as JSON. `hangs`: it takes everything and answers nothing. */
export async function startOtlpReceiver({ hangs = false } = {}): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      if (hangs) return;
      const { resourceSpans } = bodySchema.parse(JSON.parse(Buffer.concat(chunks).toString()));
      for (const { resource, scopeSpans } of resourceSpans) {
        const service = read(resource.attributes)["service.name"] ?? "";
        for (const { spans: some } of scopeSpans)
          for (const { parentSpanId = "", attributes: of, ...span } of some)
            spans.push({ ...span, parentId: parentSpanId, service, attributes: read(of) });
      }
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
