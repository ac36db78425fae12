import { describe, expect, it } from 'vitest'
import { report, shown, tableOf } from '../../../bench/harness/report.ts'
import { formatResults } from '../../../bench/harness/results.ts'
import type { CaseResults, SuiteResults } from '../../../bench/harness/results.ts'
import { roundsOf, stepsOf } from '../../../bench/harness/run-case.ts'
import { quantile, ratios } from '../../../bench/harness/statistics.ts'
import type { Case, Target, Value } from '../../../bench/harness/suite.ts'
import { importSuite, moduleOf, suiteNames } from '../../../bench/harness/suites.ts'
import { judge } from '../../../bench/harness/verdict.ts'

/** Three rounds in which the machine gets slower: the ratio stays, the medians of others lie elsewhere. */
const measured = (values: Readonly<Record<string, readonly Value[]>>): Omit<CaseResults, 'verdicts'> => ({
  id: 'one',
  title: 'one call',
  base: 'worker',
  figures: [{ id: 'p50', title: 'p50', unit: 'µs', better: 'less' }],
  contenders: Object.entries(values).map(([name, rounds]) => ({ name, rounds: rounds.map((value) => [value]) })),
})
const slowing = measured({ spillway: [20, 40, 300], worker: [10, 30, 100], comlink: [12, 15, 400] })

function verdictOf(target: Omit<Target, 'figure'>, results = slowing, quick = false): string {
  const [verdict] = judge(results, [{ figure: 'p50', ...target }], quick)
  return `${verdict?.result}: ${verdict?.text}`
}

describe('the median of ratios', () => {
  it('is of the quotients of each round', () => {
    expect(ratios([20, 40, 300], [10, 30, 100])).toEqual({ median: 2, low: 4 / 3, high: 3 })
  })

  it('leaves out rounds that have no number on either side', () => {
    expect(ratios([20, 'none', 300, 8], [10, 30, 'none', 0])).toEqual({ median: 2, low: 2, high: 2 })
    expect(ratios(['none'], [1])).toBeUndefined()
  })

  it('is the mean of the two in the middle of an even number', () => {
    expect(quantile([1, 2, 4, 100], 0.5)).toBe(3)
    expect(quantile([1, 2, 4, 100], 0.99)).toBe(100)
  })
})

describe('a target', () => {
  it('is met up to its bound, the bound included', () => {
    expect(verdictOf({ against: 'worker', most: 2 })).toBe(
      'met: one call: p50: 2.00 (1.33 to 3.00) times worker, wanted at most 2',
    )
    expect(verdictOf({ against: 'worker', most: 1.9 })).toMatch(/^MISSED: /)
    expect(verdictOf({ against: 'worker', least: 2 })).toMatch(/^met: /)
    expect(verdictOf({ against: 'worker', least: 2.1 })).toMatch(/^MISSED: .* wanted at least 2.1$/)
  })

  it('is of the figure itself where nobody is named', () => {
    expect(verdictOf({ most: 40 })).toBe('met: one call: p50: 40.00 (20.00 to 300.00) µs, wanted at most 40')
  })

  it('takes the best of the others by its median, and its rounds', () => {
    expect(verdictOf({ against: 'best', most: 1 })).toMatch(/1\.67 \(0\.75 to 2\.67\) times comlink/)
  })

  it('is missed where ours has no figures, and not judged where the other has none', () => {
    expect(verdictOf({ against: 'worker', most: 2 }, measured({ spillway: [], worker: [1] }))).toMatch(/^MISSED: /)
    expect(verdictOf({ against: 'worker', most: 2 }, measured({ spillway: [1], worker: [] }))).toMatch(/^not judged: /)
  })

  it('that quick measures something else for is not judged there', () => {
    expect(verdictOf({ most: 1, fullOnly: true }, slowing, true)).toMatch(/^not judged: /)
  })
})

describe('the report', () => {
  it('tells the ratio first, its spread, and the figure', () => {
    expect(tableOf({ ...slowing, verdicts: [] })).toEqual([
      ['', 'p50, µs'],
      ['spillway', '2.00x (1.33-3.00): 40'],
      ['worker', '1: 30'],
      ['comlink', '1.20x (0.50-4.00): 15'],
    ])
  })

  it('has the reason where a contender has no figures', () => {
    const { contenders, ...rest } = measured({ spillway: [1], worker: [2], comlink: ['cannot be moved'] })
    const results: SuiteResults = {
      suite: 'call',
      title: 'calls',
      measuredAt: '2026-01-01T00:00:00.000Z',
      quick: false,
      seconds: 1,
      machine: { node: 'v26.0.0', platform: 'linux x64', cores: 2, load: [0, 0], versions: {} },
      cases: [
        {
          ...rest,
          contenders: [...contenders, { name: 'piscina', rounds: [], missing: 'failed: exit 1' }],
          verdicts: [{ result: 'MISSED', text: 'too slow' }],
        },
      ],
    }
    const text = report(results)
    expect(text).toMatch(/comlink +cannot be moved/)
    expect(text).toContain('piscina: failed: exit 1')
    expect(text).toMatch(/MISSED +too slow/)
  })

  it('shows three digits', () => {
    expect([0.12345, 1.2345, 12.345, 12_345.6].map(shown)).toEqual(['0.123', '1.23', '12.3', '12,346'])
  })
})

describe('the results', () => {
  it('are JSON with a line for each round', () => {
    const results: SuiteResults = {
      suite: 'call',
      title: 'calls',
      measuredAt: '2026-01-01T00:00:00.000Z',
      quick: false,
      seconds: 1.5,
      machine: { node: 'v26.0.0', platform: 'linux x64', cores: 2, load: [0.5, 1], versions: { comlink: '4' } },
      cases: [
        {
          ...slowing,
          contenders: [
            { name: 'a "b" [c]', rounds: [[1.234_567, 'a "text"\n[with] all']] },
            {
              name: 'b',
              rounds: [
                [1, 2],
                [3, 4],
              ],
            },
          ],
          verdicts: [],
        },
      ],
    }
    const text = formatResults(results)
    const parsed = JSON.parse(text) as SuiteResults
    expect(parsed.cases[0]?.contenders[0]).toEqual({ name: 'a "b" [c]', rounds: [[1.2346, 'a "text"\n[with] all']] })
    expect(parsed.cases[0]?.contenders[1]?.rounds).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(text).toContain('[3, 4]')
    expect(text.endsWith('}\n')).toBe(true)
  })
})

describe.each(await suiteNames())('the suite %s', async (name) => {
  const { cases } = await importSuite(moduleOf(name))

  it.each(cases)('has targets of figures and contenders that are there in $id', (each: Case) => {
    const names = each.contenders.map((contender) => contender.name)
    expect(new Set(names).size).toBe(names.length)
    expect([...names, '']).toContain(each.base)
    for (const { figure, of = 'spillway', against = 'best' } of each.targets ?? []) {
      expect(each.figures.map(({ id }) => id)).toContain(figure)
      expect(names).toContain(of)
      expect([...names, 'best']).toContain(against)
    }
  })
})

describe('the steps of a case', () => {
  const contenders = [
    { name: 'worker', measure: async () => async () => [] },
    { name: 'other', cannot: 'do it' },
  ]
  const each: Case = { id: 'one', title: 'one', figures: [], base: 'worker', rounds: 7, contenders }

  it('are the rounds of those who can, and their starts', () => {
    expect(stepsOf(each, false)).toBe(8)
    expect(stepsOf({ ...each, fresh: true }, false)).toBe(7)
  })

  it('are fewer when it has to be quick', () => {
    expect(roundsOf(each, true)).toBe(3)
    expect(stepsOf({ ...each, quickRounds: 0 }, true)).toBe(0)
  })
})
