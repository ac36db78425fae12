import { readSync } from 'node:fs'
import type { Socket } from 'node:net'

/**
 * What has arrived at a socket and was not read when it had to be closed: to write to a process that has ended closes it, and what that said last may have
 * come meanwhile.
 *
 * @returns gives it, once.
 */
export function keepUnread(socket: Socket): () => readonly Buffer[] {
  let kept: readonly Buffer[] = []
  const destroy = socket._destroy.bind(socket)
  socket._destroy = (error, callback) => {
    // When it was closed on purpose nobody waits for anything.
    if (error) kept = readRest(descriptorOf(socket))
    destroy(error, callback)
  }
  return () => {
    const taken = kept
    kept = []
    return taken
  }
}

const chunkBytes = 64 * 1024

function readRest(fd: number | undefined): Buffer[] {
  const rest: Buffer[] = []
  if (fd === undefined) return rest
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafeSlow(chunkBytes)
      const length = readSync(fd, chunk)
      if (length === 0) break
      rest.push(chunk.subarray(0, length))
    }
  } catch {
    // There is no more: EAGAIN, or ECONNRESET.
  }
  return rest
}

/** Node says it of servers and files; of a socket, its handle does. None on Windows. */
function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } | null }
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined
}
