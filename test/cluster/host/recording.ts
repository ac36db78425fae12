import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicNow } from '../../../src/base/monotonic.ts'
import { defineComponent, fencingToken, StaleOwnerError } from '../../../src/worker.ts'
import { standStill } from '../../support/stand-still.ts'
import { Fence } from './fence.ts'
import { append } from './record.ts'

export interface RecordingConfig {
  /** The file that all hosts share. */
  readonly record: string
  /** A folder that all hosts share: the store that is fenced. */
  readonly store: string
  readonly host: string
  /** Of the family. */
  readonly key?: string
}

export interface Answer {
  readonly host: string
  readonly token: number | undefined
  /** Calls that this state has seen, those before a handover included. */
  readonly count: number
}

/** Writes down each call that it begins, before it does anything else. */
export default defineComponent((config: RecordingConfig, context) => {
  const { record, host, key } = config
  const fence = new Fence(config.store, key ?? context.name)
  let count = (context.restored as { count: number } | undefined)?.count ?? 0
  const begin = (call: string): Answer => {
    const at = monotonicNow()
    const token = fencingToken()
    append(record, { what: 'begun', call, host, key, token, at })
    fence.admits(token ?? 0)
    return { host, token, count: ++count }
  }
  return {
    count: (call: string): Answer => begin(call),
    slow: async (call: string, ms: number): Promise<Answer> => {
      const answer = begin(call)
      await sleep(ms)
      return answer
    },
    /** Blocks its thread. */
    block: (call: string, ms: number): Answer => {
      const answer = begin(call)
      standStill(ms)
      return answer
    },
    /** What takes a while and is then written to a store that all hosts reach; the store refuses whoever comes with an old token. */
    write: async (call: string, ms: number): Promise<Answer> => {
      const answer = begin(call)
      await sleep(ms)
      const { token = 0 } = answer
      const what = fence.admits(token) ? 'written' : 'refused'
      append(record, { what, call, host, key, token, at: monotonicNow() })
      if (what === 'refused') throw new StaleOwnerError(context.name, token, { host })
      return answer
    },
    async *numbers(call: string, upTo: number): AsyncGenerator<number> {
      begin(call)
      for (let i = 0; i < upTo; i++) {
        yield i
        await sleep(1)
      }
    },
    fail: (call: string): never => {
      begin(call)
      throw new RangeError(`${call} cannot be done`)
    },
    echo: <T>(value: T): T => value,
    snapshot: (): unknown => ({ count }),
  }
})
