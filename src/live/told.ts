/** What those who look on were told of the pieces of a list, so that only what changed is sent again. */
export class Told {
  /** By key: what a piece looked like; empty: they may show it, but as what is not known. */
  readonly #texts = new Map<string, string>()

  /** They are shown it by other ways than `changed`. */
  shown(key: string): void {
    if (!this.#texts.has(key)) this.#texts.set(key, '')
  }

  /** The piece as JSON; undefined when it is as it was. */
  changed(key: string, piece: object): string | undefined {
    const text = JSON.stringify(piece)
    if (this.#texts.get(key) === text) return undefined
    this.#texts.set(key, text)
    return text
  }

  /** Keys that are shown and are not there any more: told of once. */
  gone(there: { has(key: string): boolean }): string[] {
    const gone = [...this.#texts.keys()].filter((key) => !there.has(key))
    for (const key of gone) this.#texts.delete(key)
    return gone
  }
}
