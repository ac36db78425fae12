import type { DatabaseSync } from 'node:sqlite'
import { pragma } from './database.ts'

/**
 * Reports the native memory of a connection. The source is an upper bound, as SQLite as built into Node keeps no count
 * of its memory: the size of the database (page_count * page_size), at most what the page cache may hold (cache_size).
 * Everything else that SQLite allocates is small and short-lived; results are ArrayBuffers, which V8 counts itself.
 */
export class PageCacheReport {
  readonly #db: DatabaseSync
  readonly #report: (bytes: number) => void
  readonly #pageSize: number
  readonly #limit: number
  #reported = -1

  constructor(db: DatabaseSync, report: (bytes: number) => void) {
    this.#db = db
    this.#report = report
    this.#pageSize = pragma(db, 'page_size')
    const cacheSize = pragma(db, 'cache_size') // KiB when negative, else pages
    this.#limit = cacheSize < 0 ? -cacheSize * 1024 : cacheSize * this.#pageSize
    this.update()
  }

  /** To be called after reading or writing. */
  update(): void {
    this.#set(Math.min(pragma(this.#db, 'page_count') * this.#pageSize, this.#limit))
  }

  /** Frees what SQLite can spare. It grows back with the next use. */
  shrink(): void {
    this.#db.exec('PRAGMA shrink_memory')
    this.#set(0)
  }

  #set(bytes: number): void {
    if (bytes !== this.#reported) this.#report(bytes)
    this.#reported = bytes
  }
}
