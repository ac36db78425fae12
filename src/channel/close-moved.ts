import { MessagePort } from 'node:worker_threads'
import { isFileHandle, movableIn } from './clone-guard.ts'

/**
 * Closes what moved here with a value that nobody will get, so that the other ends of its ports and streams learn of it, and its files are closed: a
 * port that is only dropped stays open for ever, and a file handle that is collected ends the process.
 */
export function closeMoved(value: unknown): void {
  for (const moved of movableIn(value)) {
    // What fails was closed, or its other end is gone.
    close(moved)?.catch(() => {})
  }
}

function close(moved: object): Promise<unknown> | undefined {
  if (moved instanceof MessagePort) moved.close()
  else if (moved instanceof ReadableStream) return moved.cancel(nobody())
  else if (moved instanceof WritableStream) return moved.abort(nobody())
  else if (moved instanceof TransformStream) {
    return Promise.allSettled([moved.readable.cancel(nobody()), moved.writable.abort(nobody())])
  } else if (isFileHandle(moved)) return moved.close()
  return undefined
}

function nobody(): DOMException {
  return new DOMException('Nobody receives it', 'AbortError')
}
