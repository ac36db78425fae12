import { expect, it } from 'vitest'
import { localChannel } from '../../../src/cluster/local-channel.ts'

it('what is too large for another machine does not go to this host either', async () => {
  const [ours, theirs] = localChannel({ name: 'a', session: 'a-1' }, 1_000)
  const arrived: unknown[] = []
  theirs.receive({ frame: (frame) => void arrived.push(frame), unreadable: () => {} })
  const larger = /are more than may go to another machine in one piece: at most 1000/
  expect(() => ours.post(['x'.repeat(1_000)])).toThrow(larger)
  expect(() => ours.post([new Uint8Array(1_000)])).toThrow(larger)
  expect(() => ours.post([new Map([[1, 'x'.repeat(1_000)]])])).toThrow(larger)
  ours.post(['x'.repeat(900)])
  ours.post([new Uint8Array(500)])
  await expect.poll(() => arrived).toEqual([['x'.repeat(900)], [new Uint8Array(500)]])
})
