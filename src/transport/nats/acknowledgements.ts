import { setTimeout, clearTimeout } from '../../base/timers.ts'
import type { PeerLink } from './peer-link.ts'

/**
 * ms after which what was taken in is acknowledged, when nothing was sent meanwhile that says it too. Guessed: most calls are answered sooner; the other
 * side holds what it posted until then, and is slowed by nothing, as a quarter of the window is acknowledged at once.
 */
const soon = 20

/** Acknowledges what nobody has answered yet. */
export class Acknowledgements implements Disposable {
  readonly #links = new Set<PeerLink>()
  #timer: NodeJS.Timeout | undefined

  owes(link: PeerLink): void {
    this.#links.add(link)
    this.#timer ??= setTimeout(this.#pay, soon).unref()
  }

  [Symbol.dispose](): void {
    this.#links.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  readonly #pay = (): void => {
    this.#timer = undefined
    const links = [...this.#links]
    this.#links.clear()
    for (const link of links) link.acknowledgeOwed()
  }
}
