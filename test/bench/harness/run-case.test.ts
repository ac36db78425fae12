import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CaseResults } from '../../../bench/harness/results.ts'
import { runCase } from '../../../bench/harness/run-case.ts'
import { importSuite } from '../../../bench/harness/suites.ts'

const module = new URL('../../fixtures/bench/turns-suite.ts', import.meta.url)
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-bench-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function run(id: string): Promise<{ results: CaseResults; turns: string[]; labels: string[] }> {
  const file = join(folder, id)
  await writeFile(file, '')
  process.env['SPILLWAY_TEST_TURNS'] = file
  const { cases } = await importSuite(module)
  const each = cases.find((one) => one.id === id)
  if (!each) throw new Error(`There is no ${id}`)
  const labels: string[] = []
  const results = await runCase(module, each, { time: 7, quick: false }, (label) => labels.push(label))
  return { results, turns: (await readFile(file, 'utf8')).trim().split('\n'), labels }
}

const of = ({ contenders }: CaseResults, name: string) => contenders.find((each) => each.name === name)

describe('a case', () => {
  it('has its contenders take turns, another first each time, each in a process of its own', async () => {
    const { results, turns, labels } = await run('kept')
    expect(turns.slice(0, 4)).toEqual(['a', 'b', 'b', 'a'])
    const [a, b] = [of(results, 'a')?.rounds ?? [], of(results, 'b')?.rounds ?? []]
    expect(a.length).toBe(3)
    expect(new Set(a.map(([, pid]) => pid)).size).toBe(1)
    expect(a[0]?.[1]).not.toBe(b[0]?.[1])
    expect(a[0]?.[2]).toBe(7)
    expect(labels).toContain('kept: b, round 3 of 3')
    expect(of(results, 'mute')).toEqual({ name: 'mute', rounds: [], missing: 'cannot write' })
    expect(of(results, 'fails')).toEqual({ name: 'fails', rounds: [], missing: 'failed: Error: the second time' })
    expect(of(results, 'ends')?.missing).toBe('failed: exit 3')
  })

  it('waits for nobody longer than its deadline', async () => {
    const { results } = await run('hangs')
    expect(of(results, 'hangs')?.missing).toBe('failed: no answer within 500 ms')
  })

  it('has a new process for each round where it asks for that', async () => {
    const { results } = await run('fresh')
    for (const name of ['a', 'b']) {
      expect(new Set(of(results, name)?.rounds.map(([, pid]) => pid)).size).toBe(3)
    }
  })
})
