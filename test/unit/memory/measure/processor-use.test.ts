import { expect, test } from 'vitest'
import { ProcessorMeter } from '../../../../src/memory/measure/processor-use.ts'
import type { ProcessorUse } from '../../../../src/memory/measure/processor-use.ts'
import { FakeWorker } from '../../../support/fake-components.ts'

function open() {
  const fake = new FakeWorker()
  const clock = { now: 1_000 }
  const meter = new ProcessorMeter(() => clock.now)
  const read = async (): Promise<ProcessorUse | null> => {
    const use = meter.read(fake)
    await new Promise((resolve) => setImmediate(resolve))
    return use
  }
  /** So many ms pass, of which it works so many, and waits in Atomics.wait for so many. */
  const pass = (ms: number, works: number, waits = 0): void => {
    clock.now += ms
    fake.cpu += works * 1_000
    fake.active += works + waits
  }
  return { fake, read, pass }
}

test('tells shares of the time between two readings, which are taken when somebody asks', async () => {
  const { read, pass } = open()
  expect(await read()).toBeNull()
  pass(2_000, 500, 1_000)
  expect(await read()).toBeNull()
  expect(await read()).toEqual({ cpu: 0.25, eventLoop: 0.75 })
})

test('does not take readings closer than a second to each other', async () => {
  const { read, pass } = open()
  await read()
  pass(1_000, 1_000)
  await read()
  pass(999, 0)
  expect(await read()).toEqual({ cpu: 1, eventLoop: 1 })
  expect(await read()).toEqual({ cpu: 1, eventLoop: 1 })
  pass(1, 0)
  await read()
  expect(await read()).toEqual({ cpu: 0, eventLoop: 0 })
})

test('shares are never more than 1, however V8 counts', async () => {
  const { read, pass } = open()
  await read()
  pass(1_000, 1_400)
  await read()
  expect(await read()).toEqual({ cpu: 1, eventLoop: 1 })
})

test('of a worker that is gone nothing is told', async () => {
  const { fake, read, pass } = open()
  fake.isGone = true
  for (let i = 0; i < 3; i++) {
    expect(await read()).toBeNull()
    pass(2_000, 0)
  }
})
