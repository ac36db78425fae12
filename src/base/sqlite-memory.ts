import type { ComponentContext } from '../contract/component-context.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { monotonicNow } from './monotonic.ts'
import { setInterval, clearInterval } from './timers.ts'

/** What is asked of a database; `DatabaseSync` of node:sqlite is one, and so is better-sqlite3's `Database`. */
export interface SqliteDatabase {
  prepare(sql: string): { all(): unknown[] }
  exec(sql: string): unknown
  /** False once it is closed. */
  readonly isOpen?: boolean
}

/** What a database in a component is reported to hold, until it is disposed of or the database is closed. */
export interface SqliteMemory extends Disposable {
  /** Bytes. */
  readonly bytes: number
  /** Looks now; it does so twice a second by itself. */
  update(): void
  /** Frees what SQLite can spare. What a file's page cache holds is 0 then until something has been read, as far as is known: for 5 s, or until `update()`. */
  shrink(): void
}

/** ms between two looks; one takes 10 us. */
const interval = 500
/** ms for which a page cache that was given up is taken to be empty: who is asked to do so is measured right after. */
const emptyFor = 5_000

let count = 0

/**
 * Reports the native memory of an SQLite database for as long as it is open, and gives up what it can when memory runs short. Several databases add up, with
 * each other and with whatever else the component reports.
 *
 * SQLite as built into Node keeps no count of its memory. A database in memory holds its pages, which is exact and counts towards `memoryLimit`; of one
 * in a file at most as much as its page cache may hold (`cache_size`) is reported, which does not.
 *
 * @throws InvalidOptionsError where it is no database.
 */
export function reportSqliteMemory(
  context: Pick<ComponentContext, 'reportMemory' | 'onPressure' | 'signal'>,
  database: SqliteDatabase,
): SqliteMemory {
  if (typeof (database as Partial<SqliteDatabase> | null)?.prepare !== 'function') {
    throw new InvalidOptionsError('reportSqliteMemory(context, database)', 'a database of SQLite', database)
  }
  return new SqliteReport(context, database)
}

class SqliteReport implements SqliteMemory {
  readonly #context: Pick<ComponentContext, 'reportMemory'>
  readonly #database: SqliteDatabase
  readonly #name = `sqlite ${++count}`
  readonly #timer: NodeJS.Timeout
  readonly #stopListening: () => void
  readonly #reported = { memory: 0, cache: 0 }
  #emptyUntil = Number.NEGATIVE_INFINITY

  constructor(context: Pick<ComponentContext, 'reportMemory' | 'onPressure' | 'signal'>, database: SqliteDatabase) {
    this.#context = context
    this.#database = database
    this.#timer = setInterval(() => this.#look(), interval).unref()
    this.#stopListening = context.onPressure(() => this.shrink())
    context.signal.addEventListener('abort', () => clearInterval(this.#timer), { once: true })
    this.#look()
  }

  get bytes(): number {
    return this.#reported.memory + this.#reported.cache
  }

  update(): void {
    this.#emptyUntil = Number.NEGATIVE_INFINITY
    this.#look()
  }

  shrink(): void {
    if (!isOpen(this.#database)) return
    this.#database.exec('PRAGMA shrink_memory')
    this.#emptyUntil = monotonicNow() + emptyFor
    this.#look()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#stopListening()
    this.#tell({ memory: 0, cache: 0 })
  }

  #look(): void {
    if (!isOpen(this.#database)) {
      this[Symbol.dispose]()
      return
    }
    const held = heldBy(this.#database)
    this.#tell(monotonicNow() < this.#emptyUntil ? { ...held, cache: 0 } : held)
  }

  #tell(held: { readonly memory: number; readonly cache: number }): void {
    for (const kind of ['memory', 'cache'] as const) {
      if (held[kind] === this.#reported[kind]) continue
      this.#reported[kind] = held[kind]
      this.#context.reportMemory(held[kind], { source: `${this.#name} ${kind}`, limited: kind === 'memory' })
    }
  }
}

/** better-sqlite3 calls it `open`, which is a method of node:sqlite's. */
const isOpen = (database: SqliteDatabase): boolean =>
  database.isOpen ?? ('open' in database && typeof database.open === 'boolean' ? database.open : true)

/** Bytes of pages: of databases in memory, and of page caches at most. */
function heldBy(database: SqliteDatabase): { memory: number; cache: number } {
  const held = { memory: 0, cache: 0 }
  for (const row of database.prepare('PRAGMA database_list').all()) {
    const { name, file } = row as { readonly name: string; readonly file: string | null }
    const pragma = (key: string): number => {
      const [first] = database.prepare(`PRAGMA "${name.replaceAll('"', '""')}".${key}`).all()
      return Number(Object.values(first ?? {})[0] ?? 0)
    }
    const pageSize = pragma('page_size')
    const size = pragma('page_count') * pageSize
    if (file === '' && name !== 'temp') held.memory += size
    else {
      // KiB when negative, else pages.
      const cacheSize = pragma('cache_size')
      held.cache += Math.min(size, cacheSize < 0 ? -cacheSize * 1024 : cacheSize * pageSize)
    }
  }
  return held
}
