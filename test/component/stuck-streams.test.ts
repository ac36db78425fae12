import { expect, it } from 'vitest'
import { CallTimeoutError, withCallOptions } from '../../src/index.ts'
import type { Remote } from '../../src/index.ts'
import { begunBy, rejection, sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()

async function loaded(name: string, callTimeout?: number): Promise<Remote<KitchenSink>> {
  const remote = coordinator.registerComponent<KitchenSink>(sink(name, { ...(callTimeout && { callTimeout }) }))
  await coordinator.getComponent(name)
  return remote
}

async function readAll(stream: AsyncIterable<unknown>, values: unknown[] = []): Promise<unknown[]> {
  for await (const value of stream) values.push(value)
  return values
}

it.each([
  ['step', 0],
  ['step', 3],
  ['promises', 0],
  ['promises', 40],
] as const)(
  'a generator that loops (%s after %i values) does not outlive the deadline of its step',
  async (where, to) => {
    const name = `loops-in-${where}-${to}`
    const remote = await loaded(name, 300)
    const values: unknown[] = []
    expect(await rejection(readAll(remote.loopsIn(where, to), values))).toMatchObject({
      reason: 'stuck',
      generation: 1,
    })
    // What it had not sent when it began to loop is lost with it.
    expect(values).toEqual(Array.from(values, (_, i) => i))
    expect(await withCallOptions(remote, { timeout: 30_000 }).generation()).toBe(2)
  },
)

it('the deadline of one call is that of its own stream', async () => {
  const remote = await loaded('own-deadline')
  const stream = withCallOptions(remote, { timeout: 200 }).loopsIn('step', 1)
  expect(await rejection(readAll(stream))).toMatchObject({ reason: 'stuck' })
})

it('a cleanup that loops is ended as well', async () => {
  const remote = await loaded('cleanup', 300)
  for await (const value of remote.loopsIn('cleanup', 1)) if (value === 1) break
  const patient = withCallOptions(remote, { timeout: 30_000 })
  await rejection(patient.count())
  expect(await patient.generation()).toBe(2)
})

it('a stream that waits longer than its deadline, or whose steps take long, goes on', async () => {
  const remote = await loaded('slow', 1_000)
  const patient = withCallOptions(remote, { timeout: 30_000 })
  const streams = await Promise.all([remote.slowly(2, 2_500, 0), remote.slowly(3, 1, 1_200)])
  const [waiting, working] = await Promise.all([readAll(streams[0]), readAll(streams[1]), patient.standStill(1_200)])
  expect(waiting).toEqual([0, 1])
  expect(working).toEqual([0, 1, 2])
  expect(coordinator.info('slow')).toMatchObject({ generation: 1, crashes: 0 })
})

it("a component's deadline is that of the functions it gives, unless they have their own", async () => {
  const remote = await loaded('gives', begunBy)
  const sleeper = await remote.sleeper()
  expect(await rejection(Promise.resolve(sleeper(5_000)))).toBeInstanceOf(CallTimeoutError)
  expect(await withCallOptions(sleeper, { timeout: 0 })(begunBy + 500)).toBe('slept')
  const spin = await remote.spinner()
  expect(await rejection(Promise.resolve(spin()))).toBeInstanceOf(CallTimeoutError)
  expect(await withCallOptions(remote, { timeout: 30_000 }).generation()).toBe(2)
})
