import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { InvalidOptionsError } from '../../worker.ts'
import { DatabaseSync as Database } from '../sqlite.ts'
import { explainSqliteError, isBusy } from './sqlite-error.ts'

/** Marks the file as ours: 'Splw' in ASCII. */
const APPLICATION_ID = 0x53_70_6c_77
const SCHEMA_VERSION = 1

const SCHEMA = `
  CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    symbol TEXT NOT NULL,
    interval TEXT NOT NULL,
    count INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    UNIQUE (symbol, interval)
  ) STRICT;
  CREATE TABLE chunk (
    series INTEGER NOT NULL REFERENCES series (id),
    bucket INTEGER NOT NULL,
    candles BLOB NOT NULL,
    PRIMARY KEY (series, bucket)
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`

/** Pages SQLite may keep in memory, KiB. Small: chunks are read past the page cache, it holds little but the index. */
const PAGE_CACHE_KIB = 4096
/** Bytes the log is cut back to once it has been written to the database: a big import leaves it as big as itself. */
const LOG_LIMIT = 16 * 1024 ** 2

/**
 * Opens, and where need be makes, a candle database. Writes nothing to one that exists.
 *
 * @throws InvalidOptionsError naming `path` for a file that cannot be used. Where another connection holds a lock,
 * SQLite's own error, at once: see retryWhileLocked.
 */
export function openDatabase(path: string, readOnly: boolean): DatabaseSync {
  checkPath(path, readOnly)
  let db: DatabaseSync | undefined
  try {
    db = new Database(path, { readOnly, timeout: 0 })
    db.exec(
      `PRAGMA cache_size = -${PAGE_CACHE_KIB}; PRAGMA journal_size_limit = ${LOG_LIMIT}; PRAGMA synchronous = NORMAL`,
    )
    if (isEmpty(db)) {
      if (readOnly)
        throw new InvalidOptionsError('path', 'a candle database, as readOnly is set', `${path}, an empty file`)
      create(db, path)
    }
    checkIdentity(db, path)
    if (!readOnly) checkWritable(db)
    return db
  } catch (error) {
    db?.close()
    throw explainSqliteError(error, path)
  }
}

/**
 * Runs `work` in a transaction: all of it or nothing. Reads in it see one state of the database, whoever else writes.
 */
export function inTransaction<T>(db: DatabaseSync, mode: 'DEFERRED' | 'IMMEDIATE', work: () => T): T {
  db.exec(`BEGIN ${mode}`)
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** A pragma's value, a number. */
export function pragma(db: DatabaseSync, name: string): number {
  const row = db.prepare(`PRAGMA ${name}`).get()
  return Number(Object.values(row ?? {})[0])
}

function checkPath(path: string, readOnly: boolean): void {
  const file = statSync(path, { throwIfNoEntry: false })
  if (file && !file.isFile())
    throw new InvalidOptionsError('path', 'the path of a file', `${path}, which is not a file`)
  if (file) return
  if (readOnly) throw new InvalidOptionsError('path', 'an existing file, as readOnly is set', path)
  if (!statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory()) {
    throw new InvalidOptionsError('path', 'a file in a directory that exists', path)
  }
}

function isEmpty(db: DatabaseSync): boolean {
  const tables = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()
  return tables?.['n'] === 0 && pragma(db, 'user_version') === 0 && pragma(db, 'application_id') === 0
}

function create(db: DatabaseSync, path: string): void {
  // The page size holds only if set before anything is written; WAL, so that reading goes on while an import writes.
  db.exec('PRAGMA page_size = 8192; PRAGMA journal_mode = WAL')
  inTransaction(db, 'IMMEDIATE', () => {
    // Another process may have been first.
    if (isEmpty(db)) db.exec(SCHEMA)
    else checkIdentity(db, path)
  })
}

function checkIdentity(db: DatabaseSync, path: string): void {
  if (pragma(db, 'application_id') !== APPLICATION_ID) {
    throw new InvalidOptionsError('path', 'a candle database', `${path}, a SQLite database of something else`)
  }
  const version = pragma(db, 'user_version')
  if (version !== SCHEMA_VERSION) {
    const expected = `a candle database of schema version ${SCHEMA_VERSION}`
    throw new InvalidOptionsError('path', expected, `${path} of version ${version}, made by another release`)
  }
}

/** SQLite opens a file that may not be written for reading only, without a word; the first write would then fail. */
function checkWritable(db: DatabaseSync): void {
  try {
    inTransaction(db, 'DEFERRED', () => db.exec('DELETE FROM series WHERE false'))
  } catch (error) {
    // That another connection is writing right now says that it can be written.
    if (!isBusy(error)) throw error
  }
}
