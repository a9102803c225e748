/** An answer of more bytes than its reader takes: asking again would bring the same. */
export class AnswerTooLarge extends Error {}

/**
 * The JSON of an answer, of which no more is read than `maxBytes`.
 * @throws {AnswerTooLarge} there is more
 * @throws {SyntaxError} it is no JSON
 */
export async function readJson({ body }: Response, maxBytes: number): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new AnswerTooLarge(`an answer of more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
