import type { Case, Contender, Suite } from '../harness/suite.ts'

/** s after which it is looked at again. */
const looks = [1, 5, 10]

const given = (name: string, way: 'thread' | 'process' | 'undefined'): Contender => ({
  name,
  measure: async ({ quick }) => {
    const { recordUnload, residentAt } = await import('../unload/timeline.ts')
    return async () => {
      const timeline = await recordUnload(way, quick ? 150 : 300, quick ? 2 : 11)
      const { filledAt, droppedAt, stall } = timeline
      const base = residentAt(timeline, 900)
      const over = (time: number): number => (residentAt(timeline, time) - base) / 1e6
      return [
        over(filledAt + 1_900),
        ...looks.map((seconds) => (quick && seconds > 2 ? '' : over(droppedAt + seconds * 1_000))),
        stall,
      ]
    }
  },
})

const cases: readonly Case[] = [
  {
    id: 'timeline',
    title: 'a cache of 300 MB (150 with --quick) is given up in a program that goes on',
    figures: [
      { id: 'loaded', title: 'resident over the base, loaded', unit: 'MB', better: 'less' },
      ...looks.map((seconds) => ({
        id: `after-${seconds}`,
        title: `${seconds} s after`,
        unit: 'MB',
        better: 'less' as const,
      })),
      { id: 'stall', title: 'longest standstill of the main thread since', unit: 'ms', better: 'less' },
    ],
    contenders: [
      given('spillway', 'thread'),
      given('spillway process', 'process'),
      given('cache = undefined', 'undefined'),
    ],
    base: 'cache = undefined',
    rounds: 3,
    quickRounds: 1,
    deadline: 150_000,
    targets: [{ figure: 'stall', most: 50, fullOnly: true }],
  },
]

export default { title: 'unload: memory before, with and after it', cases } satisfies Suite
