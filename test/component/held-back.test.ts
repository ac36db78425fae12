import { expect, it } from 'vitest'
import { CallTimeoutError, withCallOptions } from '../../src/index.ts'
import type { Remote } from '../../src/index.ts'
import { begunBy, fixture, rejection, sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import type dependentModule from '../fixtures/dependent.ts'

const coordinator = sharedCoordinator()

interface Set {
  readonly remote: Remote<KitchenSink>
  readonly first: Remote<typeof dependentModule>
  readonly second: Remote<typeof dependentModule>
}

/** A component that two others call, and this thread. */
async function loaded(name: string): Promise<Set> {
  const remote = coordinator.registerComponent<KitchenSink>(sink(name))
  const [first, second] = ['first', 'second'].map((each) =>
    coordinator.registerComponent<typeof dependentModule>({
      name: `${name}-${each}`,
      module: fixture('dependent.ts'),
      dependencies: [name],
    }),
  ) as [Remote<typeof dependentModule>, Remote<typeof dependentModule>]
  await Promise.all([first.count(name), second.count(name)])
  return { remote, first, second }
}

/** New calls, by everybody, of a component whose event loop does not turn: the next generation serves them. */
async function expectHeldBack(name: string, { remote, first, second }: Set): Promise<void> {
  // Whatever they answer now, they have heard of the deadline before.
  await Promise.all([first.names(), second.names()])
  await Promise.all([remote.count(), first.count(name), second.count(name)])
  expect(coordinator.info(name)).toMatchObject({ generation: 2, crashes: 1 })
}

it("after this thread's deadline, calls of other components wait as well", async () => {
  const set = await loaded('own')
  expect(await rejection(withCallOptions(set.remote, { timeout: begunBy }).spin())).toBeInstanceOf(CallTimeoutError)
  await expectHeldBack('own', set)
})

it("after a component's deadline, calls of this thread and of other components wait as well", async () => {
  const set = await loaded('of-another')
  expect(await rejection(set.first.spin('of-another', begunBy))).toBeInstanceOf(CallTimeoutError)
  await expectHeldBack('of-another', set)
})

it('after the deadline of a call of its callback, calls of it wait, and calls of it hold back those of its callbacks', async () => {
  const set = await loaded('callback')
  const spin = await set.remote.spinner()
  expect(await rejection(Promise.resolve(withCallOptions(spin, { timeout: begunBy })()))).toBeInstanceOf(
    CallTimeoutError,
  )
  await expectHeldBack('callback', set)
  const other = await set.remote.spinner()
  await rejection(withCallOptions(set.remote, { timeout: begunBy }).spin())
  // It was never sent, and there is no next generation of a callback.
  expect(await rejection(Promise.resolve(other()))).toMatchObject({ outcome: 'not-sent' })
})

it('goes on where it is as soon as the event loop turns', async () => {
  const set = await loaded('nearly')
  const work = rejection(withCallOptions(set.remote, { timeout: 50 }).standStill(500))
  expect(await work).toBeInstanceOf(CallTimeoutError)
  await Promise.all([set.remote.count(), set.first.count('nearly'), set.second.count('nearly')])
  expect(coordinator.info('nearly')).toMatchObject({ generation: 1, crashes: 0 })
})
