import { expect, test } from 'vitest'
import { ComponentAccount } from '../../../../src/memory/account/component-account.ts'
import { Learned } from '../../../../src/memory/account/learned.ts'
import { ThrashWatch } from '../../../../src/memory/act/thrash-watch.ts'
import { RAPID_RELOAD } from '../../../../src/memory/tuning.ts'

const nothing = { reported: 0, uncounted: 0 }

function open() {
  const clock = { now: 0 }
  const watch = new ThrashWatch(() => clock.now)
  /** One of 100 bytes that was unloaded for want of memory, or not, and is loaded again a second later. */
  const reload = (fate: 'evicted' | 'ended' = 'evicted', name = 'a'): void => {
    const account = new ComponentAccount(new Learned(clock.now))
    account.measured({ used: 100, physical: 100, external: 0, malloced: 0, heap: 100 }, nothing, clock.now, clock.now)
    account.ended(clock.now, fate)
    clock.now += 1_000
    watch.loaded(name, account)
  }
  return { watch, clock, reload }
}

test('three reloads within a minute, each soon after an unload of ours, are thrashing', () => {
  const { watch, reload } = open()
  reload('ended')
  reload()
  reload()
  expect(watch).toMatchObject({ thrashing: false, churn: { loads: 2, bytes: 200, names: ['a'] } })
  reload('evicted', 'b')
  expect(watch).toMatchObject({ thrashing: true, churn: { loads: 3, bytes: 300, names: ['a', 'b'] } })
})

test('it is over when a minute has passed', () => {
  const { watch, clock, reload } = open()
  for (let i = 0; i < 3; i++) reload()
  clock.now += RAPID_RELOAD
  expect(watch).toMatchObject({ thrashing: false, churn: { loads: 0, bytes: 0, names: [] } })
})
