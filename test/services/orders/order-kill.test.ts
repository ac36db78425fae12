import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { OrderService } from '../../../src/services/orders/order-service.ts'
import { TemporaryDirectory } from './temporary-directory.ts'

/** Kills in one run; set ORDER_KILLS=50 for a long one. */
const KILLS = Number(process.env['ORDER_KILLS'] ?? 5)
const ORDERS = 10_000
const writer = fileURLToPath(new URL('order-writer.ts', import.meta.url))

interface Acknowledged {
  readonly clientOrderId: string
  readonly id: string
  readonly status: string
  readonly version: number
}

/** Starts a writer and kills it (SIGKILL) after `killAfter` answers; resolves with the last answer for each order. */
async function writeAndKill(path: string, prefix: string, killAfter: number): Promise<Map<string, Acknowledged>> {
  const child = spawn(process.execPath, [writer, path, prefix, String(ORDERS), '64'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: AbortSignal.timeout(60_000),
  })
  const exit = once(child, 'exit')
  const answers = new Map<string, Acknowledged>()
  let count = 0
  // What was still in the pipe when it died was answered as well.
  for await (const line of createInterface(child.stdout)) {
    const [clientOrderId = '', id = '', status = '', version] = line.split(' ')
    // The last line may be cut.
    if (version !== undefined) answers.set(id, { clientOrderId, id, status, version: Number(version) })
    count += 1
    if (count === killAfter) child.kill('SIGKILL')
  }
  const [, signal] = (await exit) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
  return answers
}

describe('a kill in the middle of 10,000 orders', () => {
  it(`loses nothing that was answered, ${KILLS} times`, { timeout: 20_000 + KILLS * 10_000 }, async () => {
    using directory = new TemporaryDirectory()
    const path = directory.file('orders.db')
    const all: Acknowledged[] = []
    for (let round = 0; round < KILLS; round += 1) {
      // Somewhere else each time, from the first answers to near the end.
      const killAfter = 1 + ((round * 7_919) % (ORDERS * 1.5))
      const answers = await writeAndKill(path, `round${round}`, killAfter)
      expect(answers.size).toBeGreaterThan(0)
      all.push(...answers.values())
      const database = new DatabaseSync(path)
      expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
      database.close()
    }

    using orders = new OrderService({ path })
    const lost: Acknowledged[] = []
    for (const answer of all) {
      const order = await orders.findOrderByClientId(answer.clientOrderId)
      const kept =
        order !== null &&
        order.id === answer.id &&
        (order.version === answer.version ? order.status === answer.status : order.version > answer.version)
      if (!kept) lost.push(answer)
    }
    expect(lost).toEqual([])

    // What is stored is whole: the fills of an order add up to what it says.
    let cursor: string | null | undefined
    let filled = 0
    while (cursor !== null) {
      const page = await orders.listOrders({ status: ['partially-filled', 'filled'], limit: 1_000, cursor })
      for (const order of page.orders) {
        const fills = await orders.listFills(order.id)
        filled += 1
        expect([order.filledQuantity, order.filledValue]).toEqual(
          fills.length === 1 ? ['0.1', '0.11'] : ['0.3', '0.35'],
        )
      }
      cursor = page.cursor
    }
    expect(filled).toBeGreaterThan(0)
  })
})
