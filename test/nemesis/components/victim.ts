/** The component that everything is done to. Each method that counts takes its token first, and notes there that it runs. */
import { releaseProxy } from 'comlink'
import { threadId } from 'node:worker_threads'
import { collectGarbage } from '../../../src/host/collect-garbage.ts'
import { callSignal, defineComponent, proxy } from '../../../src/worker.ts'
import type { ComponentContext, ProxyMarked, Remote } from '../../../src/worker.ts'
import { enter } from '../exclusion.ts'
import { jumpClock } from '../faults/clock.ts'
import { addThrowingHandlers } from '../faults/transfer-handlers.ts'
import { hostileValue } from '../hostile-values.ts'

/** What is the same for all components of a round. */
export interface RoundConfig {
  readonly counts: Int32Array
  readonly exclusion: Int32Array
  /** Its own listeners and transfer handlers throw. */
  readonly spite: boolean
}

export interface VictimConfig extends RoundConfig {
  /** Offers `snapshot()`, of so many bytes. */
  readonly snapshotBytes?: number
  /** ms that loading takes. */
  readonly initDelay?: number
}

export interface Whereabouts {
  readonly generation: number
  readonly thread: number
}

export class VictimError extends Error {
  static {
    this.prototype.name = 'VictimError'
  }
}

/** What is passed by reference, with its methods. */
interface ListenerApi {
  onTick(value: number): unknown
  readonly nested: { onEnd(): unknown }
}

/** The same, as it arrives. */
export type Listener = Remote<ListenerApi> & ProxyMarked

interface Neighbour {
  listen(token: number, listener: Listener, times: number): Promise<Whereabouts>
  run(token: number): Whereabouts
  lock(token: number, name: string, ms: number): Promise<Whereabouts>
}

const pause = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export default defineComponent((config: VictimConfig, context) => {
  if (config.spite) {
    addThrowingHandlers()
    context.onPressure(() => {
      throw new VictimError('from a listener of pressure')
    })
  }
  const begin = (token: number): Whereabouts => {
    Atomics.add(config.counts, token, 1)
    return { generation: context.generation, thread: threadId }
  }
  const api = {
    ...calls(begin),
    ...streams(begin),
    ...callbacks(begin),
    ...together(begin, config, context),
    ...ends(begin),
  }
  const offered = config.snapshotBytes === undefined ? api : { ...api, ...remembering(begin, context, config) }
  return config.initDelay ? pause(config.initDelay).then(() => offered) : offered
})

type Begin = (token: number) => Whereabouts

const held: unknown[] = []

function calls(begin: Begin) {
  return {
    run: (token: number): Whereabouts => begin(token),
    async sleep(token: number, ms: number): Promise<Whereabouts> {
      const here = begin(token)
      await pause(ms)
      return here
    },
    /** Goes on for a while, whatever its caller says: until then it is in use. */
    async stubborn(token: number): Promise<Whereabouts> {
      const here = begin(token)
      await pause(700)
      return here
    },
    async untilAborted(token: number): Promise<Whereabouts> {
      const here = begin(token)
      const signal = callSignal()
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      return here
    },
    take(token: number, ..._values: unknown[]): Whereabouts {
      return begin(token)
    },
    give(token: number, kind: string): unknown {
      begin(token)
      return hostileValue(kind)
    },
    fail(token: number, kind: string): never {
      begin(token)
      throw kind === 'error' ? new VictimError('as asked', { cause: new RangeError('deeper') }) : hostileValue(kind)
    },
    nested: { run: (token: number): Whereabouts => begin(token) },
    hold(token: number, megabytes: number): Whereabouts {
      const here = begin(token)
      held.push(Array.from({ length: megabytes * 8_000 }, (_, i) => ({ a: i, b: i, c: String(i) })))
      return here
    },
    holdBuffer(token: number, megabytes: number): Whereabouts {
      const here = begin(token)
      held.push(new Uint8Array(megabytes * 2 ** 20).fill(1))
      return here
    },
    forget: (): void => void held.splice(0),
    collect: (): void => collectGarbage(),
    jumpClock(token: number, by: number): Whereabouts {
      jumpClock(by)
      return begin(token)
    },
    busy(token: number, ms: number): Whereabouts {
      const here = begin(token)
      const end = performance.now() + ms
      while (performance.now() < end);
      return here
    },
  }
}

function streams(begin: Begin) {
  return {
    async *count(token: number, to: number, ms: number): AsyncGenerator<Whereabouts & { readonly i: number }> {
      const here = begin(token)
      for (let i = 0; i < to; i++) {
        if (ms > 0) await pause(ms)
        yield { ...here, i }
      }
    },
    async *breaking(token: number, after: number, kind: string): AsyncGenerator {
      begin(token)
      for (let i = 0; i < after; i++) yield i
      throw kind === 'error' ? new VictimError('stream broke') : hostileValue(kind)
    },
    /** Gives a value that cannot travel between two that can. */
    async *odd(token: number, kind: string): AsyncGenerator {
      begin(token)
      yield 1
      yield hostileValue(kind)
      yield 3
    },
    async *proxies(token: number, count: number): AsyncGenerator {
      begin(token)
      for (let i = 0; i < count; i++) yield proxy({ value: () => i })
    },
  }
}

type Callback = (value: number) => unknown

function callbacks(begin: Begin) {
  return {
    async callBack(token: number, callback: Callback, times: number): Promise<number> {
      begin(token)
      let sum = 0
      for (let i = 0; i < times; i++) sum += Number(await callback(i))
      return sum
    },
    async callBackAtOnce(token: number, callback: Callback, times: number): Promise<number> {
      begin(token)
      const answers = await Promise.allSettled(Array.from({ length: times }, async (_, i) => callback(i)))
      return answers.filter(({ status }) => status === 'fulfilled').length
    },
    /** Keeps the callback and calls it when the call is over already. */
    callBackLater(token: number, callback: Callback, ms: number): Whereabouts {
      const here = begin(token)
      const later = async (): Promise<void> => {
        await pause(ms)
        await callback(ms)
      }
      later().catch(() => {})
      return here
    },
    makeCounter(token: number) {
      begin(token)
      let count = 0
      return proxy({ up: (by: number): number => (count += by) })
    },
    async listen(token: number, listener: Listener, times: number): Promise<Whereabouts> {
      const here = begin(token)
      for (let i = 0; i < times; i++) await listener.onTick(i)
      await listener.nested.onEnd()
      return here
    },
    /** Has it for a while after the call, and then says so, or only lets go of it. */
    keep(token: number, listener: Listener, ms: number, says: boolean): Whereabouts {
      const here = begin(token)
      setTimeout(() => {
        if (says) (listener as Listener & { [releaseProxy](): void })[releaseProxy]()
      }, ms)
      return here
    },
    async makeCounterLate(token: number, ms: number) {
      begin(token)
      await pause(ms)
      return proxy({ up: (by: number): number => by })
    },
  }
}

/** With dependencies and locks. */
function together(begin: Begin, { exclusion }: RoundConfig, context: ComponentContext) {
  const { dependencies, locks, logger } = context
  const neighbour = (name: string): Remote<Neighbour> => {
    const found = dependencies[name]
    if (!found) throw new VictimError(`There is no dependency ${name}`)
    return found as Remote<Neighbour>
  }
  return {
    async through(token: number, name: string, further: number): Promise<Whereabouts> {
      begin(token)
      return neighbour(name).run(further)
    },
    async handOn(
      token: number,
      listener: Listener,
      name: string,
      further: number,
      times: number,
    ): Promise<Whereabouts> {
      begin(token)
      return neighbour(name).listen(further, listener, times)
    },
    async lock(token: number, name: string, ms: number): Promise<Whereabouts> {
      const here = begin(token)
      using lease = await locks.acquire(name, { timeout: 3_000 })
      using _inside = enter(exclusion, lease)
      await pause(ms)
      return here
    },
    async lockAll(token: number, names: readonly string[], ms: number): Promise<Whereabouts> {
      const here = begin(token)
      using leases = await locks.acquireAll(names, { timeout: 3_000 })
      using inside = new DisposableStack()
      for (const name of new Set(names)) inside.use(enter(exclusion, leases.get(name)))
      await pause(ms)
      return here
    },
    /** Holds one lock while a dependency wants another. */
    async lockThrough(
      token: number,
      mine: string,
      name: string,
      theirs: string,
      further: number,
    ): Promise<Whereabouts> {
      begin(token)
      using lease = await locks.acquire(mine, { timeout: 3_000 })
      using _inside = enter(exclusion, lease)
      return await neighbour(name).lock(further, theirs, 5)
    },
    log(token: number, lines: number): Whereabouts {
      const here = begin(token)
      for (let i = 0; i < lines; i++) logger.info({ line: i }, 'line %d', i)
      return here
    },
    report(token: number, bytes: number): Whereabouts {
      const here = begin(token)
      context.reportMemory(bytes)
      return here
    },
  }
}

/** Ways to go. */
function ends(begin: Begin) {
  return {
    exit(token: number, code: number): never {
      begin(token)
      process.exit(code)
    },
    throwLate(token: number): Whereabouts {
      const here = begin(token)
      setTimeout(() => {
        throw new VictimError('thrown late')
      }, 0)
      return here
    },
    rejectLate(token: number): Whereabouts {
      const here = begin(token)
      void Promise.reject(new VictimError('rejected late'))
      return here
    },
    /** A list of small objects: some other ways of running out of memory end the whole process, whatever the limits are. */
    exhaust(token: number): never {
      begin(token)
      let list: object = {}
      for (;;) list = { list, text: 'a', value: 1 }
    },
    async grow(token: number): Promise<never> {
      begin(token)
      for (;;) {
        held.push(new Uint8Array(2 ** 20).fill(1))
        await pause(2)
      }
    },
    spin(token: number): never {
      begin(token)
      for (;;);
    },
  }
}

/** What it keeps over unloads: how often it was bumped. */
function remembering(begin: Begin, { restored }: ComponentContext, { snapshotBytes = 0 }: VictimConfig) {
  let bumps = (restored as { bumps: number } | undefined)?.bumps ?? 0
  return {
    bump(token: number): Whereabouts & { readonly bumps: number } {
      return { ...begin(token), bumps: ++bumps }
    },
    snapshot: (): unknown => ({ bumps, blob: new Uint8Array(snapshotBytes) }),
  }
}
