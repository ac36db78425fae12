import { InvalidOptionsError } from '../../worker.ts'

/** Primary result codes, https://www.sqlite.org/rescode.html; the extended ones carry them in their low byte. */
const BUSY = 5
const LOCKED = 6
const READONLY = 8
const CORRUPT = 11
const CANTOPEN = 14
const NOTADB = 26

export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & 0xff
}

/** Another connection holds a lock that is needed: the same attempt may succeed later. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error)
  return code === BUSY || code === LOCKED
}

export const isReadOnlyViolation = (error: unknown): boolean => sqliteCode(error) === READONLY

/** What is wrong with the file, as an error that names the option; any other error is returned as it is. */
export function explainSqliteError(error: unknown, path: string): unknown {
  const expected = {
    [READONLY]: 'a database file that may be written (or readOnly: true)',
    [CORRUPT]: 'an undamaged SQLite database file',
    [CANTOPEN]: 'a file that can be opened, in a directory that may be written (SQLite keeps its log beside it)',
    [NOTADB]: 'a SQLite database file',
  }[sqliteCode(error) ?? -1]
  return expected === undefined ? error : new InvalidOptionsError('path', expected, path, { cause: error })
}
