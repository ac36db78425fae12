import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A fence before a store on a disk that all hosts reach: a file for each token that came, so that whoever comes after it with an older one is refused. */
export class Fence {
  readonly #folder: string
  #last = 0

  constructor(folder: string, key: string) {
    this.#folder = join(folder, key)
    mkdirSync(this.#folder, { recursive: true })
  }

  admits(token: number): boolean {
    if (token !== this.#last) writeFileSync(join(this.#folder, String(token)), '')
    this.#last = token
    return readdirSync(this.#folder).every((other) => Number(other) <= token)
  }
}
