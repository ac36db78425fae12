import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import type { Spares } from '../../../../src/host/spares.ts'
import { Relief } from '../../../../src/memory/act/relieve.ts'
import { ANSWER_TIME } from '../../../../src/memory/tuning.ts'
import { bookOf, FakeComponent } from '../../../support/fake-components.ts'

function open() {
  const [a, b] = [new FakeComponent('a'), new FakeComponent('b')]
  const { book, clock } = bookOf([a, b])
  const logger = pino({ level: 'silent' })
  const info = vi.spyOn(logger, 'info')
  const spares = { giveUp: vi.fn<Spares['giveUp']>(), restore: vi.fn<() => void>() }
  const frame = { limit: 1_000, minIdleTime: 0, unloading: false, requests: [] }
  const snapshot = () => book.snapshot(frame)
  return { a, b, clock, spares, info, snapshot, relief: new Relief(book, spares as unknown as Spares, logger) }
}

test('trims are under way until all have answered, or have not in time, and then figures are old', async () => {
  const { a, b, clock, info, snapshot, relief } = open()
  const trimming = relief.trim(['a', 'b', 'gone'], 'high', 50, 1_000)
  expect([a.asked, b.asked]).toEqual([[`trim high ${ANSWER_TIME}`], [`trim high ${ANSWER_TIME}`]])
  a.trimmed.resolve(true)
  await a.trimmed.promise
  expect(snapshot().trimming).toBe(1)
  clock.now = 10_300
  b.trimmed.resolve(false)
  await trimming
  expect(snapshot()).toMatchObject({ trimming: 0, changedAt: 10_300 })
  expect(info).toHaveBeenCalledWith(
    expect.objectContaining({ pressure: 'high', need: 50, asked: ['a', 'b', 'gone'], late: ['b'] }),
    expect.any(String),
  )
})

test('spares go and come back; that there were none is not worth a line, and figures are old all the same', async () => {
  const { clock, spares, info, snapshot, relief } = open()
  spares.giveUp.mockResolvedValueOnce(2).mockResolvedValueOnce(0)
  await relief.giveUpSpares('low')
  expect(info).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ pressure: 'low', spares: 2 }),
    expect.any(String),
  )
  clock.now = 10_400
  await relief.giveUpSpares('low')
  expect(info).toHaveBeenCalledTimes(1)
  expect(snapshot().changedAt).toBe(10_400)
  relief.restoreSpares()
  expect(spares.restore).toHaveBeenCalledTimes(1)
})
