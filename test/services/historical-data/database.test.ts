import { fork } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isInvalidOptionsError } from '../../../src/contract/errors.ts'
import { isDatabaseLockedError } from '../../../src/services/historical-data/errors.ts'
import { DAY, candles, drain, open, tempDir, utc } from './harness.ts'

const T = utc('2024-01-01')

const failure = async (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'no error',
    (e: unknown) => e,
  )

/** A database of our own with a few candles, closed. */
async function existing(path = join(tempDir(), 'candles.db')): Promise<string> {
  const { api } = await open({ path })
  await api.storeCandles('A', '1d', candles(T, '1d', 3))
  api[Symbol.dispose]()
  return path
}

describe('a file', () => {
  test('is made, keeps what was stored, and is left alone when closed', async () => {
    const path = await existing()
    expect(existsSync(`${path}-wal`)).toBe(false)
    const { api } = await open({ path })
    expect((await api.getHistoricalData('A', T, T + DAY, '1d')).length).toBe(1)
    using db = new DatabaseSync(path, { readOnly: true })
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  })

  test('of zero bytes is an empty database', async () => {
    const path = join(tempDir(), 'empty.db')
    writeFileSync(path, '')
    const { api } = await open({ path })
    expect(await api.storeCandles('A', '1d', candles(T, '1d', 1))).toMatchObject({ inserted: 1 })
  })

  test('that is none, or not a database of candles, is named as the path', async () => {
    const dir = tempDir()
    const path = (name: string): string => join(dir, name)
    mkdirSync(path('directory'))
    writeFileSync(path('text'), 'This is no database. '.repeat(100))
    const foreign = new DatabaseSync(path('foreign'))
    foreign.exec('CREATE TABLE candles (time INTEGER)')
    foreign.close()
    const versioned = new DatabaseSync(path('versioned'))
    versioned.exec('PRAGMA user_version = 7')
    versioned.close()
    const newer = new DatabaseSync(await existing(path('newer')))
    newer.exec('PRAGMA user_version = 2')
    newer.close()
    const cases: [string, RegExp, boolean][] = [
      ['directory', /the path of a file, got ".*directory, which is not a file"/, false],
      ['text', /a SQLite database file, got/, true],
      ['missing/candles.db', /a file in a directory that exists, got/, false],
      ['text/candles.db', /a file in a directory that exists, got/, false],
      ['foreign', /a SQLite database of something else/, false],
      ['versioned', /a SQLite database of something else/, false],
      ['newer', /of schema version 1, got ".*newer of version 2, made by another release"/, false],
    ]
    for (const [name, message, hasCause] of cases) {
      const error = await failure(open({ path: path(name) }))
      expect([name, isInvalidOptionsError(error) && error.option]).toEqual([name, 'path'])
      expect((error as Error).message).toMatch(message)
      expect((error as Error).cause instanceof Error).toBe(hasCause)
    }
    expect(readFileSync(path('text'), 'utf8')).toMatch(/^This is no database/)
  })

  test('that is damaged', async () => {
    const path = await existing()
    const bytes = readFileSync(path)
    bytes.fill(0xff, 8192)
    writeFileSync(path, bytes)
    const { api } = await open({ path })
    const error = await failure(api.listSymbols())
    expect((error as Error).message).toMatch(/an undamaged SQLite database file/)
    expect(isInvalidOptionsError(error)).toBe(true)
  })

  test.each([
    ['config', undefined],
    ['path', {}],
    ['path', { path: '' }],
    ['path', { path: ':memory:' }],
    ['path', { path: 7 }],
    ['readOnly', { path: 'x', readOnly: 1 }],
    ['maxCacheSize', { path: 'x', maxCacheSize: -1 }],
    ['cacheTtl', { path: 'x', cacheTtl: 0 }],
    ['timeout', { path: 'x', timeout: '5' }],
  ])('bad configuration: %s is named', async (option, config) => {
    const { openHistoricalData } = await import('../../../src/services/historical-data/service.ts')
    const context = {} as Parameters<typeof openHistoricalData>[1]
    const error = await failure(openHistoricalData(config as Parameters<typeof openHistoricalData>[0], context))
    expect(isInvalidOptionsError(error) && error.option).toBe(option)
  })
})

describe('read only', () => {
  test('reads, and refuses to write', async () => {
    const path = await existing()
    const { api } = await open({ path, readOnly: true })
    expect((await api.getHistoricalData('A', T, T + 3 * DAY, '1M')).length).toBe(1)
    const attempts = [
      api.storeCandles('A', '1d', candles(T, '1d', 1)),
      drain(api.importCsv('x.csv', { symbol: 'A', interval: '1d' })),
      drain(api.importSynthetic({ seed: 1, count: 1 })),
    ]
    for (const attempt of attempts) {
      const error = await failure(attempt)
      expect(isInvalidOptionsError(error) && error.option).toBe('readOnly')
    }
  })

  test('makes no file, and needs one with candles', async () => {
    const path = join(tempDir(), 'none.db')
    await expect(open({ path, readOnly: true })).rejects.toThrow(/an existing file, as readOnly is set/)
    expect(existsSync(path)).toBe(false)
    writeFileSync(path, '')
    await expect(open({ path, readOnly: true })).rejects.toThrow(/an empty file/)
    expect(statSync(path).size).toBe(0)
  })

  test('a file that may not be written is refused when opened, unless readOnly is set', async () => {
    const path = await existing()
    chmodSync(join(path, '..'), 0o777)
    chmodSync(path, 0o444)
    asUnprivileged()
    const error = await failure(open({ path }))
    expect(isInvalidOptionsError(error) && error.option).toBe('path')
    expect((error as Error).message).toMatch(/a database file that may be written \(or readOnly: true\)/)
    expect((error as Error).cause).toMatchObject({ code: 'ERR_SQLITE_ERROR' })
    const { api } = await open({ path, readOnly: true })
    expect(await api.getLatestData('A')).toMatchObject({ time: T + 2 * DAY })
  })

  test('a directory that may not be written', async () => {
    const path = join(tempDir(), 'candles.db')
    chmodSync(join(path, '..'), 0o555)
    asUnprivileged()
    await expect(open({ path })).rejects.toThrow(/a file that can be opened, in a directory that may be written/)
  })
})

describe('locked by another process', () => {
  test('opening a database that is locked altogether fails after the timeout, and works once it is free', async () => {
    const path = await existing()
    const holder = await lockElsewhere(path, 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    const error = await failure(open({ path, timeout: 30 }))
    expect(isDatabaseLockedError(error) && [error.path, error.timeout]).toEqual([path, 30])
    expect(error).toMatchObject({ name: 'DatabaseLockedError', cause: { code: 'ERR_SQLITE_ERROR', errcode: 5 } })
    expect((error as Error).message).toMatch(/database is locked by another process: .* was not free within 30 ms/)
    const waiting = open({ path, timeout: 15_000 })
    await holder.release()
    expect((await (await waiting).api.listSymbols())[0]?.count).toBe(3)
  })

  test('while another process writes, reading goes on, and writing waits without blocking the thread', async () => {
    const path = await existing()
    const holder = await lockElsewhere(path, 'BEGIN EXCLUSIVE')
    const { api } = await open({ path, timeout: 30 })
    expect((await api.getHistoricalData('A', T, T + DAY, '1d')).length).toBe(1)
    const error = await failure(api.storeCandles('A', '1d', candles(T, '1d', 9)))
    expect(isDatabaseLockedError(error)).toBe(true)
    expect((error as Error).message).toContain('locked by another process')
    const stream = drain(api.importSynthetic({ seed: 1, count: 10, interval: '1d' }))
    expect(isDatabaseLockedError(await failure(stream))).toBe(true)

    const patient = await open({ path, timeout: 15_000 })
    let settled = false
    const waiting = patient.api.storeCandles('A', '1d', candles(T, '1d', 9)).finally(() => (settled = true))
    expect((await patient.api.getHistoricalData('A', T, T + 9 * DAY, '1d')).length).toBe(3)
    expect(settled).toBe(false)
    await holder.release()
    expect(await waiting).toEqual({ inserted: 6, updated: 0 })
  })

  test('closing the service ends the wait', async () => {
    const path = await existing()
    const holder = await lockElsewhere(path, 'BEGIN EXCLUSIVE')
    const { api } = await open({ path, timeout: 15_000 })
    const file = join(tempDir(), 'a.csv')
    writeFileSync(file, 'date,open,high,low,close,volume\n2024-01-01,1,1,1,1,1\n')
    const waiting = [
      failure(api.storeCandles('A', '1d', candles(T, '1d', 9))),
      failure(drain(api.importCsv(file, { symbol: 'B', interval: '1d' }))),
    ]
    api[Symbol.dispose]()
    expect((await Promise.all(waiting)).map((error) => (error as Error).message)).toEqual([
      'database is not open',
      'The import was ended: the service was closed',
    ])
    await holder.release()
    expect(await (await open({ path })).api.listSymbols()).toMatchObject([{ symbol: 'A', count: 3 }])
  })

  test('an unload ends the wait', async () => {
    const path = await existing()
    await lockElsewhere(path, 'BEGIN EXCLUSIVE')
    const { api, unloading } = await open({ path, timeout: 15_000 })
    const waiting = failure(api.storeCandles('A', '1d', candles(T, '1d', 9)))
    unloading.abort()
    expect(await waiting).toMatchObject({ name: 'AbortError' })
  })

  test('two services may open a new file at once', async () => {
    const path = join(tempDir(), 'new.db')
    const both = await Promise.all([open({ path }), open({ path })])
    await both[0].api.storeCandles('A', '1d', candles(T, '1d', 2))
    expect(await both[1].api.listSymbols()).toMatchObject([{ count: 2 }])
  })
})

/** Takes a lock in a process of its own. */
async function lockElsewhere(path: string, sql: string): Promise<{ release: () => Promise<void> }> {
  const script = join(tempDir(), 'lock.mjs')
  writeFileSync(
    script,
    `import { DatabaseSync } from 'node:sqlite'
     const db = new DatabaseSync(process.argv[2])
     db.exec(process.argv[3])
     process.send('locked')
     process.on('message', () => process.exit(0))`,
  )
  const child = fork(script, [path, sql], { execArgv: [] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'message')
  return {
    async release() {
      child.send('release')
      await once(child, 'exit')
    },
  }
}

/** File permissions do not hold for root: be somebody else until the test is over. */
function asUnprivileged(): void {
  if (process.geteuid?.() !== 0) return
  process.seteuid?.(65_534)
  onTestFinished(() => process.seteuid?.(0))
}
