/** An answer over `maxResponseSize`; no more of it was read. */
export class ResponseTooLarge extends Error {
  static {
    this.prototype.name = 'ResponseTooLarge'
  }

  /** @param limit bytes. */
  constructor(what: string, limit: number) {
    super(`${what} is larger than ${limit} bytes (maxResponseSize)`)
  }
}

/**
 * All of a body, but no more than `limit` bytes of it: what is decompressed counts, and leaving the loop ends the transfer.
 *
 * @throws ResponseTooLarge
 */
export async function readBody(
  chunks: AsyncIterable<Uint8Array> | null,
  url: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of chunks ?? []) {
    size += part.byteLength
    if (size > limit) throw new ResponseTooLarge(`the answer to ${url}`, limit)
    parts.push(part)
  }
  const body = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    body.set(part, at)
    at += part.byteLength
  }
  return body
}
