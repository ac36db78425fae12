import type { DatabaseSync } from 'node:sqlite'
import { isSpillwayError, reportSqliteMemory } from '../../worker.ts'
import type { ComponentContext } from '../../worker.ts'
import { DatabaseSync as Database } from '../sqlite.ts'
import { messageOf } from '../thrown.ts'
import { OrderStoreError, type OrderStoreFailure } from './order-errors.ts'

/** Marks the file as ours in its header ("SpwO"), so that the database of another program is not written to. */
const APPLICATION_ID = 0x53_70_77_4f

/** One entry for each version of the schema; `user_version` counts how many have been applied. */
const migrations = [
  `CREATE TABLE orders (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    client_order_id TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    type TEXT NOT NULL,
    time_in_force TEXT NOT NULL,
    quantity TEXT NOT NULL,
    price TEXT,
    stop_price TEXT,
    status TEXT NOT NULL,
    filled_quantity TEXT NOT NULL,
    filled_value TEXT NOT NULL,
    exchange_order_id TEXT,
    reason TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX orders_by_symbol ON orders (symbol, seq);
  CREATE INDEX orders_by_status ON orders (status, seq);
  CREATE INDEX orders_by_time ON orders (created_at);
  CREATE TABLE fills (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    order_seq INTEGER NOT NULL REFERENCES orders (seq),
    id TEXT NOT NULL,
    quantity TEXT NOT NULL,
    price TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (order_seq, id)
  ) STRICT;`,
]

/** Result codes of SQLite: https://www.sqlite.org/rescode.html, the primary ones. */
const failures: Readonly<Record<number, OrderStoreFailure>> = {
  5: 'locked',
  6: 'locked',
  8: 'read-only',
  10: 'input-output',
  11: 'corrupt',
  13: 'disk-full',
  14: 'cannot-open',
  26: 'not-a-database',
}

/** What it takes to tell of memory. */
export type MemoryContext = Pick<ComponentContext, 'reportMemory' | 'onPressure' | 'signal'>

export interface OrderDatabaseOptions {
  /** The file; it is made when it does not exist, its directory must. */
  readonly path: string
  /** How long to wait for another process that is writing, ms. The thread does nothing else meanwhile. */
  readonly busyTimeout: number
}

/**
 * The SQLite file of the orders. It writes ahead (WAL) and syncs at every commit, so what a commit returned for survives
 * a kill of the process and a loss of power.
 */
export class OrderDatabase implements Disposable {
  readonly path: string
  readonly #db: DatabaseSync

  /** @throws OrderStoreError */
  constructor({ path, busyTimeout }: OrderDatabaseOptions) {
    this.path = path
    this.#db = this.translate(() => new Database(path, { timeout: busyTimeout }))
    try {
      this.translate(() => this.#prepareFile())
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  prepare(sql: string): ReturnType<DatabaseSync['prepare']> {
    return this.translate(() => this.#db.prepare(sql))
  }

  /**
   * Runs `work` in a transaction and returns once it is durable; what `work` throws undoes it.
   *
   * @throws OrderStoreError
   */
  transaction(work: () => void): void {
    this.translate(() => {
      this.#db.exec('BEGIN IMMEDIATE')
      try {
        work()
        this.#db.exec('COMMIT')
      } catch (error) {
        // SQLite has ended the transaction itself after some failures, a full disk say.
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
        throw error
      }
    })
  }

  /** Has the component count what SQLite holds, and give cached pages back when memory runs short. */
  reportMemory(context: MemoryContext): void {
    reportSqliteMemory(context, this.#db)
  }

  /** Turns what SQLite throws into an OrderStoreError. */
  translate<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      if (isSpillwayError(error)) throw error
      throw this.#storeError(error)
    }
  }

  [Symbol.dispose](): void {
    if (this.#db.isOpen) this.#db.close()
  }

  #prepareFile(): void {
    // First of all: the file of another program is left exactly as it is.
    this.#checkSchema()
    const { journal_mode: mode } = this.#db.prepare('PRAGMA journal_mode = WAL').get() ?? {}
    if (mode !== 'wal') {
      throw new OrderStoreError('cannot-open', this.path, `it cannot write ahead (its journal mode is ${String(mode)})`)
    }
    this.#db.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
    this.transaction(() => this.#migrate())
  }

  #migrate(): void {
    for (const migration of migrations.slice(this.#checkSchema())) this.#db.exec(migration)
    // Written even where nothing changed: a file that cannot be written to is found out now, not at the first order.
    this.#db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`)
  }

  /** The version of the schema in the file; 0 for a new file. */
  #checkSchema(): number {
    const version = this.#pragma('user_version')
    const owner = this.#pragma('application_id')
    const tables = this.#db.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count']
    if (owner !== APPLICATION_ID && tables !== 0) {
      throw new OrderStoreError('another-database', this.path, 'it belongs to another program')
    }
    if (version > migrations.length) {
      const detail = `its schema has version ${version}, this program knows versions up to ${migrations.length}`
      throw new OrderStoreError('newer-schema', this.path, detail)
    }
    return version
  }

  #pragma(name: 'user_version' | 'application_id'): number {
    return Number(this.#db.prepare(`PRAGMA ${name}`).get()?.[name])
  }

  #storeError(cause: unknown): OrderStoreError {
    const detail = messageOf(cause)
    if (cause instanceof Error && 'errcode' in cause && typeof cause.errcode === 'number') {
      // The low byte of an extended result code is the primary one.
      return new OrderStoreError(failures[cause.errcode % 256] ?? 'other', this.path, detail, { cause })
    }
    const closed = cause instanceof Error && 'code' in cause && cause.code === 'ERR_INVALID_STATE'
    return new OrderStoreError(closed ? 'closed' : 'other', this.path, detail, { cause })
  }
}
