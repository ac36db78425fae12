/** A folder on a disk that can be slow, or hang: every access to it through `node:fs/promises` waits as long as it is told to. */
import { syncBuiltinESMExports } from 'node:module'
import fs from 'node:fs/promises'
import { mkdtempSync, readdirSync, rmSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const slowed = ['writeFile', 'readFile', 'mkdir', 'rename', 'rm', 'open', 'readdir', 'stat'] as const
type Slowed = (typeof slowed)[number]
type Access = (...args: unknown[]) => Promise<unknown>

export class SlowDisk implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), 'spillway-nemesis-'))
  readonly directory = join(this.#root, 'snapshots')
  readonly #originals: Pick<typeof fs, Slowed>
  #delay = 0
  #hung: PromiseWithResolvers<void> | undefined

  constructor() {
    const { writeFile, readFile, mkdir, rename, rm, open, readdir, stat } = fs
    this.#originals = { writeFile, readFile, mkdir, rename, rm, open, readdir, stat }
    for (const name of slowed) {
      // All of them take a path first, and give a promise.
      const original = this.#originals[name] as unknown as Access
      const slow: Access = async (...args) => {
        if (String(args[0]).startsWith(this.#root)) await this.#access()
        return original(...args)
      }
      Object.assign(fs, { [name]: slow })
    }
    syncBuiltinESMExports()
  }

  /** Each access takes `delay` ms longer. */
  slow(delay: number): void {
    this.#delay = delay
  }

  /** No access ends until `heal`. */
  hang(): void {
    this.#hung ??= Promise.withResolvers()
  }

  heal(): void {
    this.#delay = 0
    this.#hung?.resolve()
    this.#hung = undefined
  }

  files(): string[] {
    return existsSync(this.directory) ? readdirSync(this.directory) : []
  }

  [Symbol.dispose](): void {
    this.heal()
    Object.assign(fs, this.#originals)
    syncBuiltinESMExports()
    rmSync(this.#root, { recursive: true, force: true })
  }

  async #access(): Promise<void> {
    if (this.#delay > 0) await new Promise((resolve) => setTimeout(resolve, this.#delay))
    await this.#hung?.promise
  }
}
