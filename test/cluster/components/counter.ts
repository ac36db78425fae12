import { setTimeout as sleep } from 'node:timers/promises'
import { callSignal, defineComponent, fencingToken } from 'spillway/worker'

class QuotaError extends Error {
  readonly code = 'ERR_QUOTA'
  readonly left = 3
}

/** Counts, answers with what it was given, fails, streams, and waits. */
export default defineComponent((config: { readonly host: string; readonly forgets?: boolean }, { restored }) => {
  let count = (restored as { readonly count: number } | undefined)?.count ?? 0
  return {
    where: () => config.host,
    count: () => ++count,
    echo: (value: unknown) => value,
    token: () => fencingToken(),
    sum: (numbers: Float64Array) => numbers.reduce((sum, number) => sum + number, 0),
    fail: (): never => {
      throw new QuotaError('no quota', { cause: new RangeError('at most 3') })
    },
    async *numbers(upTo: number) {
      for (let i = 1; i <= upTo; i++) yield i
    },
    async *forever() {
      for (let i = 1; ; i++) {
        yield i
        await sleep(1)
      }
    },
    /** Has happened, and is answered with an error that looks as if it had not. */
    failAs: (code: string) => {
      count++
      throw Object.assign(new Error('of its own'), { code, component: config.host })
    },
    /** A number every 10 ms. */
    async *paced(upTo: number) {
      for (let i = 1; i <= upTo; i++) {
        yield i
        await sleep(10)
      }
    },
    wait: async (ms: number) => {
      await sleep(ms, undefined, { signal: callSignal() })
      return count
    },
    nested: { deep: { add: (a: number, b: number) => a + b } },
    ...(config.forgets !== true && { snapshot: () => ({ count }) }),
  }
})
