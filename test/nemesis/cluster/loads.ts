/** What is called all the time, whatever happens. */
import { withCallOptions } from '../../../src/index.ts'
import { Load } from '../../cluster/host/load.ts'
import type orders from '../../cluster/host/orders.ts'
import type { World } from './world.ts'

/** ms of each call. */
export const deadline = 6_000
/** ms between two calls of a caller: enough of them for each fault to hit some, and few enough to look through. */
const pace = 20
const keys = Array.from({ length: 8 }, (_, i) => `k${i}`)
/** Of a stream. */
const length = 100

export interface NamedLoad {
  readonly name: string
  readonly load: Load
}

type Make = (call: string) => Promise<unknown>

/** @param acknowledged takes the order ids that were answered. */
export function startLoads({ many }: World, acknowledged: Set<string>): NamedLoad[] {
  const options = { timeout: deadline }
  const service = withCallOptions(many.cluster.family<typeof orders>('orders').get('main'), options)
  const counter = withCallOptions(many.counter, options)
  let turn = 0
  const ledger = (): typeof counter => withCallOptions(many.ledger(keys[turn++ % keys.length] as string), options)
  const make: Readonly<Record<string, readonly [width: number, make: Make]>> = {
    component: [4, async (call) => counter.slow(call, 10)],
    keys: [6, async (call) => ledger().count(call)],
    'fenced writes': [2, async (call) => ledger().write(call, 50)],
    streams: [
      1,
      async (call) => {
        let next = 0
        for await (const number of counter.numbers(call, length)) {
          if (number !== next++) throw new Error(`${call}: ${number} came instead of ${next - 1}`)
        }
        if (next !== length) throw new Error(`${call}: it ended after ${next} of ${length}`)
      },
    ],
    orders: [
      2,
      async (call) => {
        await service.create(call)
        acknowledged.add(call)
      },
    ],
  }
  return Object.entries(make).map(([name, [width, each]]) => ({
    name,
    load: new Load(width, () => many.call(name), each, pace),
  }))
}
