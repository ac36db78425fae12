import { expect, it } from 'vitest'
import { proxy, withCallOptions } from '../../src/index.ts'
import type dependent from '../fixtures/dependent.ts'
import { fixture, rejection, sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()

it.each(['thread', 'process'] as const)(
  'a component in a %s tells who calls it, and what failed',
  async (isolation) => {
    const name = `called in a ${isolation}`
    const called = coordinator.registerComponent<KitchenSink>(sink(name, { isolation }))
    const user = coordinator.registerComponent<typeof dependent>({
      name: `user of the ${isolation}`,
      module: fixture('dependent.ts'),
      dependencies: [name],
    })
    expect(await coordinator.callsOf(name)).toEqual({ callers: [], lastErrors: [] })
    const before = Date.now()
    await Promise.all([called.echo(1), called.echo(2), user.echo(name, 3)])
    for (let i = 0; i < 3; i++) await rejection(user.throwError(name))
    await rejection(called.throwError())
    const { callers, lastErrors } = await coordinator.callsOf(name)
    expect(callers).toEqual([
      { name: `user of the ${isolation}`, calls: 4, errors: 3, lastCall: expect.any(Number) },
      { name: null, calls: 3, errors: 1, lastCall: expect.any(Number) },
    ])
    for (const { lastCall } of callers) {
      expect(lastCall).toBeGreaterThan(before - 50)
      expect(lastCall).toBeLessThan(Date.now() + 50)
    }
    expect(lastErrors.map(({ from, method, count }) => [from, method, count])).toEqual([
      [null, 'throwError', 1],
      [`user of the ${isolation}`, 'throwError', 3],
    ])
    expect(lastErrors[0]).toMatchObject({ name: 'Error', code: 'E_ORDER', message: 'no such order' })
  },
)

it('what was told is added up over generations, and over copies; what failed while it was spread over many is still its last words', async () => {
  const pool = coordinator.registerComponent<KitchenSink>(sink('pool', { instances: { max: 2 } }))
  const both = [pool.sleep(20), pool.sleep(20)]
  await until(() => coordinator.info('pool').loads === 2)
  await Promise.all(both)
  await rejection(pool.throwError())
  await coordinator.unloadComponent('pool')
  await pool.echo(1)
  const { calls } = coordinator.info('pool')
  expect(await coordinator.callsOf('pool')).toMatchObject({
    callers: [{ name: null, calls, errors: 1 }],
    lastErrors: [{ method: 'throwError', count: 1 }],
  })
})

it('a worker that has crashed is taken at its last word, and one that does not listen too', async () => {
  const remote = coordinator.registerComponent<KitchenSink>(sink('crashing'))
  await remote.echo(1)
  expect((await coordinator.callsOf('crashing')).callers).toMatchObject([{ name: null, calls: 1 }])
  const spinning = rejection(remote.spin())
  await until(() => coordinator.info('crashing').inUse === 1)
  expect((await coordinator.callsOf('crashing')).callers).toMatchObject([{ name: null, calls: 1 }])
  await coordinator.unloadComponent('crashing', { deadline: 0 })
  await spinning
  await rejection(remote.throwError())
  await rejection(remote.exit(3))
  expect(await coordinator.callsOf('crashing')).toMatchObject({
    callers: [{ name: null, calls: 2, errors: 1 }],
    lastErrors: [{ method: 'throwError', count: 1 }],
  })
})

it('hundreds of different errors leave the last ten, and a caller that gave up is none', async () => {
  const remote = coordinator.registerComponent<KitchenSink>(sink('failing'))
  for (let i = 0; i < 30; i++) await rejection(Reflect.apply(Reflect.get(remote, `nothing${i}`), remote, []))
  const { lastErrors } = await coordinator.callsOf('failing')
  expect(lastErrors.map(({ method }) => method)).toEqual(Array.from({ length: 10 }, (_, i) => `nothing${29 - i}`))
  expect(lastErrors[0]).toMatchObject({ name: 'NoSuchMethodError', code: 'ERR_NO_SUCH_METHOD' })
})

it('what its caller gave up is no error of a component, and an AbortError of its own is one', async () => {
  const remote = coordinator.registerComponent<KitchenSink>(sink('given up'))
  await remote.echo(1)
  const wish = new AbortController()
  const given = rejection(withCallOptions(remote, { signal: wish.signal }).untilAborted())
  await until(() => coordinator.info('given up').inUse === 1)
  wish.abort()
  await given
  await until(() => coordinator.info('given up').inUse === 0)
  const own = new DOMException('enough', 'AbortError')
  await rejection(
    remote.callBack(
      proxy(() => Promise.reject(own)),
      1,
    ),
  )
  const { callers, lastErrors } = await coordinator.callsOf('given up')
  expect(callers).toMatchObject([{ calls: 3, errors: 1 }])
  expect(lastErrors).toMatchObject([{ method: 'callBack', name: 'AbortError', count: 1 }])
})
