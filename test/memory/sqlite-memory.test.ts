import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { reportSqliteMemory } from '../../src/base/sqlite-memory.ts'
import { isInvalidOptionsError } from '../../src/contract/errors.ts'
import { MemoryReports } from '../../src/host/memory-reports.ts'
import type { PressureLevel } from '../../src/contract/pressure-level.ts'

vi.mock('../../src/base/timers.ts', async () => import('../support/global-timers.ts'))

const mib = 1024 ** 2
const open: Disposable[] = []
afterEach(() => {
  for (const one of open.splice(0)) one[Symbol.dispose]()
  vi.useRealTimers()
})

/** A component's context, as far as a database is concerned. */
class Context {
  all = 0
  limited = 0
  readonly unloading = new AbortController()
  readonly signal = this.unloading.signal
  readonly listeners = new Set<(level: PressureLevel) => void | Promise<void>>()
  readonly #reports = new MemoryReports((all, limited) => Object.assign(this, { all, limited }))
  reportMemory = (bytes: number | string, options?: object): void => this.#reports.report(Number(bytes), options)
  onPressure = (listener: (level: PressureLevel) => void | Promise<void>): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }
}

function database(path = ':memory:'): DatabaseSync {
  const db = new DatabaseSync(path)
  open.push({ [Symbol.dispose]: () => db.isOpen && db.close() })
  db.exec('create table if not exists t (data blob)')
  return db
}

const fill = (db: DatabaseSync, count: number): void => {
  for (let i = 0; i < count; i++) db.exec(`insert into t values (zeroblob(${mib}))`)
}

describe('a database that is reported', () => {
  test('in memory holds its pages, which count towards the limit; looked at twice a second', () => {
    vi.useFakeTimers()
    const context = new Context()
    const db = database()
    open.push(reportSqliteMemory(context, db))
    fill(db, 10)
    vi.advanceTimersByTime(500)
    expect(context.all / mib).toBeCloseTo(10, 0)
    expect(context.limited).toBe(context.all)
  })

  test('in a file holds what its cache may hold at most, which does not; given up when memory runs short', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-'))
    const context = new Context()
    const db = database(join(folder, 'a.db'))
    db.exec('pragma cache_size = -4096')
    const memory = reportSqliteMemory(context, db)
    open.push(memory)
    fill(db, 1)
    memory.update()
    expect(context.all / mib).toBeCloseTo(1, 0)
    fill(db, 10)
    memory.update()
    expect(context).toMatchObject({ all: 4 * mib, limited: 0 })
    for (const listener of context.listeners) void listener('low')
    expect(context.all).toBe(0)
    memory.update()
    expect(context.all).toBe(4 * mib)
    db.close()
    rmSync(folder, { recursive: true })
  })

  test('adds up with others, attached ones and what else is reported, and stops with its end', () => {
    vi.useFakeTimers()
    const context = new Context()
    const [a, b] = [database(), database()]
    const memories = [reportSqliteMemory(context, a), reportSqliteMemory(context, b)]
    open.push(...memories)
    context.reportMemory(7 * mib)
    context.reportMemory(mib, { source: 'images' })
    fill(a, 3)
    b.exec("attach ':memory:' as other; create table other.t (data blob)")
    b.exec(`insert into other.t values (zeroblob(${5 * mib}))`)
    vi.advanceTimersByTime(500)
    expect(context.all / mib).toBeCloseTo(7 + 1 + 3 + 5, 0)
    a.close()
    vi.advanceTimersByTime(500)
    expect(context.all / mib).toBeCloseTo(7 + 1 + 5, 0)
    for (const memory of memories) memory[Symbol.dispose]()
    expect(context.all).toBe(8 * mib)
    expect(context.listeners.size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('keeps no timer once its component is being unloaded', () => {
    vi.useFakeTimers()
    const context = new Context()
    open.push(reportSqliteMemory(context, database()))
    expect(vi.getTimerCount()).toBe(1)
    context.unloading.abort()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('has to be one', () => {
    for (const wrong of [undefined, null, {}, 'a.db'])
      expect(() => reportSqliteMemory(new Context(), wrong as never)).toThrow(
        expect.toSatisfy(isInvalidOptionsError) as Error,
      )
  })
})

test('what reports are told that is no option is refused', () => {
  const reports = new MemoryReports(() => {})
  for (const wrong of [{ source: 1 }, { limited: 'yes' }, { sauce: 'a' }])
    expect(() => reports.report(1, wrong as object)).toThrow(expect.toSatisfy(isInvalidOptionsError) as Error)
})
