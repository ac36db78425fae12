import type { ServerResponse } from 'node:http'

/** Aborted when nobody waits for the answer any more. */
export function whenClosed(response: ServerResponse): AbortSignal {
  const closed = new AbortController()
  if (response.destroyed) closed.abort()
  else response.once('close', () => closed.abort())
  return closed.signal
}
