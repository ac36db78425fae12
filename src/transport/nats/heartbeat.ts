import { afterDeadline } from '../../base/deadline.ts'
import type { PeerLink } from './peer-link.ts'

/**
 * ms: half of the 250 in which nothing comes before that is asked about. Within that time, then, it is heard that nobody is there any more: a host that died
 * is missed by its calls long before it is missed by the others.
 */
const every = 125

/** Asks about the silence on links, while something is awaited on any of them. */
export class Heartbeat implements Disposable {
  readonly #links = new Set<PeerLink>()
  #cancel: (() => void) | undefined

  watch(link: PeerLink): void {
    this.#links.add(link)
    this.#cancel ??= afterDeadline(every, this.#tick)
  }

  [Symbol.dispose](): void {
    this.#links.clear()
    this.#cancel?.()
    this.#cancel = undefined
  }

  readonly #tick = (): void => {
    this.#cancel = undefined
    for (const link of this.#links) {
      if (link.isWatched) link.tick()
      else this.#links.delete(link)
    }
    if (this.#links.size > 0) this.#cancel ??= afterDeadline(every, this.#tick)
  }
}
