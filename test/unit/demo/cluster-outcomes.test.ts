import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { parseClusterDemoOptions } from '../../../src/demo/cluster/cluster-demo-options.ts'
import { outcomeOf, verdictOf } from '../../../src/demo/cluster/outcomes.ts'
import type { Outcome } from '../../../src/demo/cluster/outcomes.ts'
import { ComponentCrashedError, NoHostError } from '../../../src/contract/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'spillway-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('the demo of a cluster tells what callers were told from what is on disk', () => {
  // Order, token, host. The last was taken by a host whose claim was over.
  writeFileSync(join(folder, 'a'), '1 5 north\n2 5 north\n4 9 south\n4 9 south\n5 9 south\n6 5 north\n')
  const orders: readonly (readonly [number, Outcome])[] = [
    [1, 'answered'],
    [2, 'unknown'],
    [3, 'answered'],
    [4, 'answered'],
    [5, 'not-begun'],
    [6, 'answered'],
    [7, 'unknown'],
  ]
  const placed = new Map([
    ['a', new Map(orders)],
    ['b', new Map([[1, 'not-begun' as const]])],
  ])
  expect(verdictOf(placed, folder)).toEqual({
    answered: 4,
    unknown: 2,
    unknownThatRan: 1,
    notBegun: 2,
    lost: 1,
    twice: 1,
    falselyNotBegun: 1,
    stale: 1,
  })
})

it('what a call rejected with says what became of it', () => {
  const crash = (outcome: 'unknown' | 'not-sent') =>
    new ComponentCrashedError('books:a', { reason: 'host-gone', generation: 0, host: 'north', outcome })
  expect([crash('unknown'), crash('not-sent'), new NoHostError('books:a', 'nobody')].map(outcomeOf)).toEqual([
    'unknown',
    'not-begun',
    'not-begun',
  ])
})

it('the options of the demo of a cluster have to make sense', () => {
  expect(parseClusterDemoOptions(['--seconds', '20', '--port', '0'])).toEqual({ duration: 20_000, port: 0 })
  expect(parseClusterDemoOptions(['--help'])).toBeUndefined()
  expect(() => parseClusterDemoOptions(['--seconds', '5'])).toThrow('--seconds')
})
