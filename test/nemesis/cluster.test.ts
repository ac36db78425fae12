import { expect, it } from 'vitest'
import { isAllWanted } from '../support/all-wanted.ts'
import { describeWithNats } from '../support/with-nats.ts'
import { runClusterRound } from './cluster/round.ts'

/** Where it begins: the same faults each time, as far as real processes allow. `npm run soak:cluster` begins anywhere. */
const seed = 1
const rounds = isAllWanted ? 5 : 1

describeWithNats('three hosts and everything that happens to them', () => {
  it('no call hangs, none runs twice or at an owner that is none any more, no acknowledged order is lost', async () => {
    for (let i = 0; i < rounds; i++) {
      const { problems, done, settled } = await runClusterRound(seed + i, { faults: 4 })
      process.stdout.write(`seed ${seed + i}: ${JSON.stringify(Object.fromEntries([...done, ...settled]))}\n`)
      expect(problems).toEqual([])
    }
  }, 240_000)
})
