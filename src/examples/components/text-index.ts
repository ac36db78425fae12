/** A class that knows nothing of Spillway: it is wrapped as it is. */
export class TextIndex {
  readonly #words = new Map<string, Set<number>>()
  #texts = 0

  add(text: string): number {
    const id = this.#texts++
    for (const word of text.toLowerCase().match(/\w+/g) ?? []) {
      this.#words.set(word, (this.#words.get(word) ?? new Set()).add(id))
    }
    return id
  }

  find(word: string): number[] {
    return [...(this.#words.get(word.toLowerCase()) ?? [])]
  }
}
