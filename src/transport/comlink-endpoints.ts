import type { MessagePort } from 'node:worker_threads'
import { serveEndpoint } from './comlink-callbacks.ts'
import type { ComlinkTarget } from './comlink-endpoint.ts'

/** The ports that stock comlink peers were given. */
export class ComlinkEndpoints {
  readonly #open = new Set<MessagePort>()

  /** @returns the peer's port; the endpoint ends when it is closed. */
  serve(target: ComlinkTarget): MessagePort {
    const { ours, theirs } = serveEndpoint(target)
    this.#open.add(ours)
    ours.once('close', () => this.#open.delete(ours))
    return theirs
  }

  close(): void {
    for (const port of this.#open) port.close()
  }
}
