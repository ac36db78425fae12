import type { Case, Contender, Suite } from '../harness/suite.ts'

const flag = '--no-memory-pool-share-memory-on-teardown'

const contenderOf = (name: string, execArgv: readonly string[]): Contender => ({
  name,
  execArgv,
  measure: async () => {
    const { relieve } = await import('../relief/relieve.ts')
    return async () => {
      const { cleared, time, unloads, peak } = await relieve()
      return [...[cleared, time].map((each) => (Number.isFinite(each) ? each : 'not within 5 s')), unloads, 100 * peak]
    }
  },
})

const cases: readonly Case[] = [
  {
    id: 'relief',
    title: 'a burst of 18% of a limit of 640 MiB, with 6 idle components of 50 MiB',
    figures: [
      { id: 'cleared', title: 'from above critical to 5 points below it', unit: 'ms', better: 'less' },
      { id: 'time', title: 'from above critical to below high', unit: 'ms', better: 'less' },
      { id: 'unloads', title: 'unloads', unit: '', better: 'less' },
      { id: 'peak', title: 'largest usage measured', unit: '% of the limit', better: 'less' },
    ],
    contenders: [contenderOf('spillway', []), contenderOf('spillway with the flag', [flag])],
    base: 'spillway',
    fresh: true,
    rounds: 7,
    quickRounds: 1,
    targets: [
      { figure: 'time', most: 250 },
      { figure: 'time', of: 'spillway with the flag', most: 250 },
    ],
  },
]

export default { title: 'relief: how long usage stays critical', cases } satisfies Suite
