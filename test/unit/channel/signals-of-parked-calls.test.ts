import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Caller } from '../../../src/channel/caller.ts'
import { Callbacks } from '../../../src/channel/callbacks.ts'
import { MethodTable } from '../../../src/channel/method-table.ts'
import { ServedConnection } from '../../../src/channel/served-connection.ts'
import { monotonicNow } from '../../../src/base/monotonic.ts'
import { threadChannels } from '../../../src/transport/thread.ts'

it('a signal that is aborted while its call has arrived and was not begun is aborted when that begins', async () => {
  const links = new Callbacks(threadChannels, 'test', () => 1, 100)
  const caller = new Caller({ component: 'test', links, maxQueue: 100, onWaiting: () => {} })
  const [ours, theirs] = threadChannels.pair()
  const begun: boolean[] = []
  const api = {
    // More than a turn has.
    busy: () => {
      for (const end = monotonicNow() + 50; monotonicNow() < end;);
    },
    look: (signal: AbortSignal) => {
      begun.push(signal.aborted)
      return signal.aborted ? String(signal.reason) : 'not aborted'
    },
  }
  ServedConnection.open(threadChannels.join(theirs), { component: 'test', table: new MethodTable(api), links })
  caller.attach(threadChannels.join(ours), 1)
  const controller = new AbortController()
  const busy = [1, 2, 3].map(async () => caller.call('busy', [], {}, {}))
  const looks = [1, 2].map(async () => caller.call('look', [controller.signal], {}, {}))
  await turn()
  controller.abort('enough')
  expect(await Promise.all(looks)).toEqual(['enough', 'enough'])
  await Promise.all(busy)
  // The next ones are not mistaken for those.
  const later = new AbortController()
  expect(await caller.call('look', [later.signal], {}, {})).toBe('not aborted')
  caller.close(new Error('over'))
})
