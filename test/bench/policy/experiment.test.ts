import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { resultOf, runExperiment, stepsPerExperiment, type Outcome } from '../../../bench/policy/experiment.ts'
import { formatReport } from '../../../bench/policy/report.ts'
import { allowedRatio } from '../../../bench/policy/verdict.ts'
import type { SimulationResult } from '../../../bench/policy/simulator.ts'
import { generateWorkload, workloadNames } from '../../../bench/policy/workloads.ts'

const duration = 3_600_000

describe.each(workloadNames)('%s, with a limit of 15%% of the footprint', (name) => {
  let steps = 0
  let outcome: Outcome
  let own: SimulationResult
  beforeAll(() => {
    outcome = runExperiment(generateWorkload(name, { duration }), 0.15, () => steps++)
    own = resultOf(outcome, 'cost-aware')
  }, 60_000)

  test('cost-aware costs at most 1.5 times the best clairvoyant schedule', () => {
    expect(own.reloadCost / outcome.clairvoyant.reloadCost).toBeLessThanOrEqual(allowedRatio)
  })

  test('cost-aware costs no more than LRU, even where that may fill the whole limit', () => {
    expect(own.reloadCost).toBeLessThanOrEqual(resultOf(outcome, 'lru').reloadCost)
    expect(own.reloadCost).toBeLessThanOrEqual(resultOf(outcome, 'lru, whole limit').reloadCost)
  })

  test('nobody passes the limit, loses a call, or beats the lower bound', () => {
    for (const result of [outcome.clairvoyant, ...outcome.results]) {
      expect(result.peak).toBeLessThanOrEqual(outcome.limit)
      expect(result.refused).toBe(0)
      expect(result.reloadCost).toBeGreaterThanOrEqual(
        result.contender === 'lru, whole limit' ? outcome.lowerBoundWholeLimit : outcome.lowerBound,
      )
    }
    expect(outcome.lowerBound).toBeGreaterThan(0)
  })

  test('is reported', () => {
    const report = formatReport([outcome])
    expect(report).toMatch(new RegExp(`^${name} +size +15% +${outcome.calls} `, 'm'))
    expect(report).toMatch(/yes {2}the best clairvoyant schedule: at most 1\.\d\d times/)
    expect(steps).toBe(stepsPerExperiment)
  })
})

describe('the command', { timeout: 60_000 }, () => {
  const main = join(import.meta.dirname, '../../../bench/policy/main.ts')
  const run = async (...args: string[]) => promisify(execFile)(process.execPath, [main, ...args], { timeout: 50_000 })

  test('prints what it measured, as JSON where asked to, and always the same', async () => {
    const args = ['--workload', 'cyclic', '--hours', '0.1', '--limit', '0.2', '--seed', '3', '--json']
    const [first, second] = await Promise.all([run(...args), run(...args)])
    const { seed, outcomes } = JSON.parse(first.stdout) as { seed: number; outcomes: Outcome[] }
    expect({ seed, runs: outcomes.map(({ workload, cost, share }) => [workload, cost, share]) }).toEqual({
      seed: 3,
      runs: [
        ['cyclic', 'size', 0.2],
        ['cyclic', 'faascache', 0.2],
      ],
    })
    expect(second.stdout).toBe(first.stdout)
    expect(first.stderr).toBe('')
  })

  test('shows what headroom costs', async () => {
    const { stdout } = await run('--workload', 'cyclic', '--hours', '0.2', '--limit', '0.5', '--cost', 'size', '--fill')
    expect(stdout).toMatch(/workload +cost +limit +reloads +70% +75% +80% +85% +90% +95% +100%/)
    expect(stdout).toMatch(/cyclic +size +50% +\d+ s( +\d\.\d\d){3} +1\.00( +0\.\d\d){3}$/m)
  })

  test.each([
    [['--workload', 'nothing'], /No workload "nothing"; there are zipf, cyclic/],
    [['--cost', 'nothing'], /No cost model "nothing"; there are size, faascache and both/],
    [['--limit', 'much'], /--limit has to be a number above 0, not "much"/],
    [['stray'], /Unexpected "stray"/],
  ])('refuses %j', async (args, message) => {
    await expect(run(...args)).rejects.toThrow(message)
  })
})
