import { pino } from 'pino'
import { describe, expect, test, vi } from 'vitest'
import { Enforcer } from '../../../../src/memory/act/enforce.ts'
import { whyOf } from '../../../../src/words/decision-words.ts'
import { bookOf, decisionOf, FakeComponent, measurementOf } from '../../../support/fake-components.ts'

const overrun = { which: 'total', limit: 100, held: 150, taken: 50, growth: 0.5, lasted: 0 } as const

function open() {
  const component = new FakeComponent('a')
  const { book, clock } = bookOf([component])
  component.holds(book, 150)
  const logger = pino({ level: 'silent' })
  const [info, error] = [vi.spyOn(logger, 'info'), vi.spyOn(logger, 'error')]
  const measurement = measurementOf(
    () => book.targets(),
    () => clock.now,
  )
  const enforcer = new Enforcer(book, measurement, logger)
  return { component, supervisor: component.asSupervisor, book, clock, enforcer, info, error }
}

describe('one that is asked to collect its garbage', () => {
  test('is collecting until it was measured after that', async () => {
    const { component, supervisor, book, clock, enforcer, info } = open()
    const account = book.account(supervisor)
    const collecting = enforcer.collect(supervisor, 400, overrun)
    expect(component.asked).toEqual(['collect critical 400 true'])
    expect(info).toHaveBeenCalledWith(
      expect.objectContaining({ component: 'a', patience: 400, held: 150 }),
      expect.any(String),
    )
    expect(account).toMatchObject({ isCollecting: true, collectedAt: undefined })
    component.host.fake.physical = 60
    clock.now = 10_200
    component.collected.resolve(true)
    await collecting
    expect(account).toMatchObject({ isCollecting: false, collectedAt: 10_200, limited: 60 })
  })

  test('has not collected where it does not answer, and its old figures stand', async () => {
    const { component, supervisor, book, enforcer } = open()
    const collecting = enforcer.collect(supervisor, 400, overrun)
    component.collected.resolve(false)
    await collecting
    expect(book.account(supervisor)).toMatchObject({ isCollecting: false, collectedAt: undefined, limited: 150 })
    expect(component.host.fake.questions).toBe(0)
  })

  test('that is gone is not asked', async () => {
    const { component, supervisor, book, enforcer } = open()
    component.exits(book)
    await enforcer.collect(supervisor, 400, overrun)
    expect(component.asked).toEqual([])
  })
})

test('one is ended once, however often it is asked for, and counts as leaving from then on', () => {
  const { component, supervisor, book, enforcer, error } = open()
  enforcer.end(supervisor, overrun, decisionOf('a'))
  enforcer.end(supervisor, overrun, decisionOf('a'))
  expect(component.asked).toEqual(['kill memory-limit'])
  expect(book.isLeaving(supervisor)).toBe(true)
  expect(error).toHaveBeenCalledExactlyOnceWith(
    { component: 'a', generation: 1, ...overrun, why: whyOf(decisionOf('a')) },
    expect.stringContaining('worker ended') as string,
  )
})
