import type { Case, Figure, Setup, Suite } from '../harness/suite.ts'

/** Loaded. */
const loaded = ({ quick }: Setup): number => (quick ? 40 : 200)
/** Shares of them that are at work. */
const shares = [0, 0.05, 0.25, 1]
/** ms for each share. */
const timeOf = ({ time }: Setup): number => 8 * time

const busy: readonly Figure[] = shares.map((share) => ({
  id: `busy-${share}`,
  title: share === 0 ? 'none at work' : `${100 * share}%`,
  unit: '% of a core',
  better: 'less',
}))

async function inTurn(measure: (share: number) => Promise<number>): Promise<number[]> {
  const values: number[] = []
  for (const share of shares) values.push(await measure(share))
  return values
}

const kinds = ['objects', 'arrays', 'buffers'] as const

const grown: readonly Figure[] = kinds.flatMap((kind) => [
  { id: `delay-${kind}`, title: `${kind}, ended after`, unit: 'ms', better: 'less' as const },
  { id: `over-${kind}`, title: 'beyond the limit', unit: '%', better: 'less' as const },
])

/** Grows past a limit, with so many others at work. */
const past = (name: string, others: (setup: Setup) => number) => ({
  name,
  measure: async (setup: Setup) => {
    const { components, keepCalling } = await import('../sampling/many.ts')
    const { overrun } = await import('../sampling/overrun.ts')
    const atWork = others(setup)
    const many = await components(atWork)
    void keepCalling(many, atWork, new AbortController().signal)
    return async () => {
      const values: number[] = []
      for (const kind of kinds) {
        const { delay, over } = await overrun(many.coordinator, kind)
        values.push(delay, over)
      }
      return values
    }
  },
})

const cases: readonly Case[] = [
  {
    id: 'busy',
    title: '200 loaded (40 with --quick), some of them called every 20 ms',
    figures: [
      ...busy,
      { id: 'cost', title: '25%, less the same without sampling', unit: '% of a core', better: 'less' },
      { id: 'cost-all', title: '100%, less the same', unit: '% of a core', better: 'less' },
    ],
    contenders: [
      {
        name: 'spillway',
        measure: async (setup) => {
          const { components, loadOf } = await import('../sampling/many.ts')
          const count = loaded(setup)
          const many = await components(count)
          // What is measured first is not to be what is not compiled yet.
          await loadOf(many, count, timeOf(setup))
          return async () => {
            const measured = await inTurn((share) => loadOf(many, share * count, timeOf(setup)))
            many.stopMeasuring()
            const [, , quarter = 0, all = 0] = await inTurn((share) => loadOf(many, share * count, timeOf(setup)))
            return [...measured, (measured[2] ?? 0) - quarter, (measured[3] ?? 0) - all]
          }
        },
      },
      {
        name: 'worker',
        measure: async (setup) => {
          const { bareWorkers, loadOf } = await import('../sampling/many.ts')
          const count = loaded(setup)
          const many = await bareWorkers(count)
          return async () => [...(await inTurn((share) => loadOf(many, share * count, timeOf(setup)))), '', '']
        },
      },
    ],
    fresh: true,
    base: 'worker',
    rounds: 3,
    quickRounds: 1,
    deadline: 300_000,
    targets: ['cost', 'cost-all'].map((figure) => ({ figure, most: 1 })),
  },
  {
    id: 'past',
    title: 'a component that grows by half a MiB every 5 ms, past a limit of 60 MiB',
    figures: grown,
    contenders: [past('alone', () => 0), past('200 at work beside it (40 with --quick)', loaded)],
    base: 'alone',
    rounds: 5,
    quickRounds: 0,
    deadline: 240_000,
  },
]

export default { title: 'sampling: what it costs, and how late it is', cases } satisfies Suite
