import type { Case, Figure, Setup, Suite } from '../harness/suite.ts'
import type { Start } from '../contenders/callee.ts'
import { contendersOf, processes, threads } from '../contenders/contenders.ts'
import { cpuOf } from '../harness/repeat.ts'
import { spares } from '../contenders/spares.ts'

const many = 100

const wall: Figure = { id: 'time', title: 'to the first answer', unit: 'ms', better: 'less' }
const cpu: Figure = { id: 'cpu', title: 'CPU', unit: 'ms', better: 'less' }

async function cold(start: Start) {
  return async () => timed(() => start().call('echo', 'x'))
}

/** How many at once, and what each takes. */
async function sideBySide(start: Start, { quick }: Setup) {
  const count = quick ? many / 4 : many
  return async () => {
    const [time, spent] = await timed(() =>
      Promise.all(Array.from({ length: count }, async () => start().call('echo', 'x'))),
    )
    return [time / count, spent / count]
  }
}

/** ms of time and of processor time. */
async function timed(work: () => Promise<unknown>): Promise<[time: number, cpu: number]> {
  const before = performance.now()
  const [, spent] = await cpuOf(work)
  return [performance.now() - before, spent / 1_000]
}

const cases: readonly Case[] = [
  {
    id: 'cold',
    title: 'cold first call of a small module, in a new process',
    figures: [wall, cpu],
    contenders: contendersOf(threads, cold),
    base: 'worker',
    rounds: 9,
    quickRounds: 1,
    fresh: true,
    targets: [{ figure: 'time', against: 'worker', most: 1.25 }],
  },
  {
    id: 'spare',
    title: 'first call where a thread was kept ready for it',
    figures: [wall, cpu],
    contenders: spares.map(({ name, prepare }) => ({
      name,
      measure: async () => {
        const call = await prepare()
        return () => timed(call)
      },
    })),
    base: 'worker',
    rounds: 9,
    quickRounds: 1,
    fresh: true,
  },
  {
    id: 'many',
    title: `${many} side by side (with --quick ${many / 4}), for each`,
    figures: [{ ...wall, title: 'to the last first answer' }, cpu],
    contenders: contendersOf(threads, sideBySide),
    base: 'worker',
    rounds: 3,
    quickRounds: 1,
    fresh: true,
    deadline: 120_000,
    targets: [{ figure: 'time', against: 'worker', most: 1.5 }],
  },
  {
    id: 'cold-process',
    title: 'cold first call of a process',
    figures: [wall],
    contenders: contendersOf(processes, async (start) => async () => [
      (await timed(() => start().call('echo', 'x')))[0],
    ]),
    base: 'fork json',
    rounds: 7,
    quickRounds: 0,
    fresh: true,
  },
]

export default { title: 'how long a load takes', cases } satisfies Suite
