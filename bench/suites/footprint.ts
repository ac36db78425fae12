import { setTimeout as sleep } from 'node:timers/promises'
import type { Start } from '../contenders/callee.ts'
import { contendersOf, processes, threads } from '../contenders/contenders.ts'
import { ownMemory, proportionalMemory } from '../contenders/process-memory.ts'
import { cpuOf } from '../harness/repeat.ts'
import type { Case, Setup, Suite } from '../harness/suite.ts'
import { sideBySide } from '../side-by-side.ts'

/** ms until memory and processor have come to rest after a start. */
const settle = 500
/** How many are added: the memory of one lies within what else moves. */
const added = 16
const idle = 200

async function oneMore(start: Start) {
  await start().call('echo', 'x')
  await sleep(settle)
  return async () => {
    const before = process.memoryUsage.rss()
    const more = Array.from({ length: added }, () => start())
    await sideBySide(more, 4, ({ call }) => call('pid'))
    await sleep(settle)
    return [(process.memoryUsage.rss() - before) / added / 1e6]
  }
}

async function oneMoreProcess(start: Start) {
  await start().call('echo', 'x')
  return async () => {
    const more = Array.from({ length: added }, () => start())
    const pids = await sideBySide(more, 4, async ({ call }) => Number(await call('pid')))
    await sleep(settle)
    const average = async (memory: (pid: number) => Promise<number>): Promise<number> =>
      (await Promise.all(pids.map(memory))).reduce((sum, bytes) => sum + bytes, 0) / added / 1e6
    return [await average(ownMemory), await average(proportionalMemory)]
  }
}

async function idleTime(start: Start, { quick }: Setup) {
  const callees = Array.from({ length: quick ? idle / 8 : idle }, () => start())
  await sideBySide(callees, 10, ({ call }) => call('echo', 'x'))
  await sleep(quick ? settle : 4 * settle)
  /** ms */
  const time = quick ? 1_000 : 10_000
  return async () => {
    const before = performance.now()
    const [, spent] = await cpuOf(() => sleep(time))
    return [(100 * spent) / 1_000 / (performance.now() - before)]
  }
}

/** MB */
const cache = 300
/** s from the unload; what happens after that of `load`, however long it takes, is between that and the next. */
export const timeline = { load: -3, unload: 0, seconds: Array.from({ length: 17 }, (_, index) => index - 4) }

async function aroundUnload(start: Start) {
  return async () => {
    const callee = start()
    const resident: number[] = []
    let ended: Promise<unknown> | undefined
    for (const second of timeline.seconds) {
      await sleep(1_000)
      resident.push(process.memoryUsage.rss() / 1e6)
      if (second === timeline.load) await callee.call('hold', cache)
      if (second === timeline.unload) ended = callee.end()
    }
    await ended
    return resident
  }
}

const cases: readonly Case[] = [
  {
    id: 'one-more',
    title: `one more idle one, of ${added}`,
    figures: [{ id: 'rss', title: 'resident', unit: 'MB', better: 'less' }],
    contenders: contendersOf(threads, oneMore),
    base: 'worker',
    rounds: 5,
    quickRounds: 1,
    fresh: true,
    targets: [{ figure: 'rss', against: 'worker', most: 1.15 }],
  },
  {
    id: 'idle',
    title: `${idle} idle ones (with --quick ${idle / 8})`,
    figures: [{ id: 'cpu', title: 'CPU of the process', unit: '% of a core', better: 'less' }],
    contenders: contendersOf(
      threads.filter(({ name }) => ['spillway', 'worker', 'comlink'].includes(name)),
      idleTime,
    ),
    base: 'worker',
    rounds: 3,
    quickRounds: 1,
    deadline: 180_000,
    targets: [{ figure: 'cpu', most: 0.3, fullOnly: true }],
  },
  {
    id: 'one-more-process',
    title: `one more idle process, of ${added}`,
    figures: [
      { id: 'own', title: 'its own', unit: 'MB', better: 'less' },
      { id: 'pss', title: 'with its share of what is shared', unit: 'MB', better: 'less' },
    ],
    contenders: contendersOf(processes, oneMoreProcess),
    base: 'fork json',
    rounds: 2,
    quickRounds: 0,
    fresh: true,
  },
]

const unload: Case = {
  id: 'unload',
  title: `resident memory, s from the unload (or end) of one with a cache of ${cache} MB that is filled ${-timeline.load} s before`,
  figures: timeline.seconds.map((second) => ({
    id: String(second),
    title: `${second} s`,
    unit: 'MB',
    better: 'less',
  })),
  contenders: contendersOf(
    threads.filter(({ name }) => ['spillway', 'worker'].includes(name)),
    aroundUnload,
  ),
  base: '',
  rounds: 3,
  quickRounds: 0,
  fresh: true,
}

export default { title: 'what an idle one takes', cases: [...cases, unload] } satisfies Suite
