import { chmodSync, openSync, readFileSync, statSync, writeFileSync, writeSync, closeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GroupCommit } from '../../../src/services/orders/group-commit.ts'
import { OrderDatabase } from '../../../src/services/orders/order-database.ts'
import { OrderService } from '../../../src/services/orders/order-service.ts'
import type { OrderInput } from '../../../src/services/orders/order.ts'
import { TemporaryDirectory } from './temporary-directory.ts'

const input: OrderInput = { clientOrderId: 'c1', symbol: 'BTC-USD', side: 'buy', quantity: 1, price: 100 }
let directory: TemporaryDirectory
let path: string

beforeEach(() => {
  directory = new TemporaryDirectory()
  path = directory.file('orders.db')
})
afterEach(() => directory[Symbol.dispose]())

function storeError(reason: string): unknown {
  return expect.objectContaining({ name: 'OrderStoreError', code: 'ERR_ORDER_STORE', reason })
}

describe('OrderDatabase', () => {
  it('writes ahead, with a sync at every commit', () => {
    using database = new OrderDatabase({ path, busyTimeout: 2_000 })
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 })
  })

  it('undoes a transaction that throws', () => {
    using database = new OrderDatabase({ path, busyTimeout: 2_000 })
    const insert = database.prepare('INSERT INTO fills (order_seq, id, quantity, price, at) VALUES (1, 2, 3, 4, 5)')
    // There is no order 1.
    expect(() => database.transaction(() => insert.run())).toThrow(storeError('other'))
    database.transaction(() => undefined)
  })

  it('needs 10 transactions for 10,000 orders that arrive together', async () => {
    using database = new OrderDatabase({ path, busyTimeout: 2_000 })
    let transactions = 0
    const commits = new GroupCommit((work) => {
      transactions += 1
      database.transaction(work)
    })
    const insert = database.prepare(
      `INSERT INTO orders VALUES (NULL, ?, ?, '', '', '', '', '', '', '', '', '', '', '', '', '', 0, 0, 1)`,
    )
    await Promise.all(
      Array.from({ length: 10_000 }, (_, i) => commits.submit(() => ({ result: i, write: () => insert.run(i, i) }))),
    )
    expect(transactions).toBe(10)
    expect(database.prepare('SELECT count(*) AS count FROM orders').get()).toEqual({ count: 10_000 })
  })

  it.each([
    ['path', { path: '' }],
    ['path', { path: ':memory:' }],
    ['path', { path: 7 }],
    ['busyTimeout', { busyTimeout: -1 }],
    ['rules', { rules: 7 }],
    ['file', { file: 'x' }],
  ])('refuses a bad %s', (option, config) => {
    const attempt = (): unknown => new OrderService({ path, ...config } as never)
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTIONS', option }))
  })
})

describe('a database that cannot be used', () => {
  it('is a directory, or in none', () => {
    expect(() => new OrderService({ path: directory.path })).toThrow(storeError('cannot-open'))
    expect(() => new OrderService({ path: directory.file('none/orders.db') })).toThrow(storeError('cannot-open'))
  })

  it('is no database', () => {
    writeFileSync(path, 'date,open,high,low,close\n'.repeat(400))
    expect(() => new OrderService({ path })).toThrow(storeError('not-a-database'))
  })

  it('is that of another program, and stays as it is', () => {
    const other = new DatabaseSync(path)
    other.exec('CREATE TABLE candles (time INTEGER)')
    other.close()
    const before = readFileSync(path)
    expect(() => new OrderService({ path })).toThrow(storeError('another-database'))
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it('is of a later version', () => {
    new OrderDatabase({ path, busyTimeout: 2_000 })[Symbol.dispose]()
    const later = new DatabaseSync(path)
    later.exec('PRAGMA user_version = 99')
    later.close()
    expect(() => new OrderService({ path })).toThrow(storeError('newer-schema'))
  })

  it('may not be written to', () => {
    new OrderDatabase({ path, busyTimeout: 2_000 })[Symbol.dispose]()
    chmodSync(path, 0o444)
    chmodSync(directory.path, 0o555)
    // Permissions do not bind the superuser.
    const superuser = process.geteuid?.() === 0
    if (superuser) process.seteuid?.(65_534)
    try {
      expect(() => new OrderService({ path })).toThrow(storeError('read-only'))
    } finally {
      if (superuser) process.seteuid?.(0)
      chmodSync(directory.path, 0o755)
    }
  })

  it('is locked by another for longer than the timeout; afterwards it works again', async () => {
    using orders = new OrderService({ path, busyTimeout: 20 })
    const other = new DatabaseSync(path)
    try {
      other.exec('BEGIN IMMEDIATE')
      expect(() => new OrderService({ path, busyTimeout: 20 })).toThrow(storeError('locked'))
      const attempts = await Promise.allSettled([orders.createOrder(input), orders.createOrder(input)])
      expect(attempts).toMatchObject([{ reason: storeError('locked') }, { reason: storeError('locked') }])
      expect(await orders.findOrderByClientId('c1')).toBeNull()
      other.exec('ROLLBACK')
    } finally {
      other.close()
    }
    expect(await orders.createOrder(input)).toMatchObject({ clientOrderId: 'c1' })
  })

  it('is damaged', async () => {
    {
      using orders = new OrderService({ path })
      await Promise.all(Array.from({ length: 500 }, (_, i) => orders.createOrder({ ...input, clientOrderId: `c${i}` })))
    }
    const file = openSync(path, 'r+')
    // All but the first page, which has the schema.
    writeSync(file, Buffer.alloc(statSync(path).size - 4_096, 0x5a), 0, undefined, 4_096)
    closeSync(file)
    using orders = new OrderService({ path })
    await expect(orders.listOrders()).rejects.toThrow(storeError('corrupt'))
    await expect(orders.createOrder({ ...input, clientOrderId: 'new' })).rejects.toThrow(storeError('corrupt'))
  })
})
