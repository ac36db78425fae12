import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ComponentCoordinator } from '../../src/index.ts'
import { COLLECT_TIME } from '../../src/memory/tuning.ts'
import { rejection, until } from '../support/coordinator.ts'
import { bigCoordinator, crashesOf, gib, loaded, loadHogs, registerHog } from '../support/hogs.ts'
import type { Hog } from '../support/hogs.ts'

/** Has `grows` report from `from` GiB on 1 GiB more whenever that was seen, until it is told to stop. */
async function grow(coordinator: ComponentCoordinator, remote: Hog, from: number, stop: () => boolean): Promise<void> {
  const seen = (): number => coordinator.info('grows').memory?.reported ?? 0
  for (let size = from; !stop(); size++) {
    // It may be ended for it.
    await remote.report(size * gib).catch(() => undefined)
    await until(() => stop() || seen() >= size * gib)
  }
}

describe('a component that grows when there is nothing left', () => {
  test('is ended when it keeps what it grew by, and nobody else is', async () => {
    await using coordinator = bigCoordinator()
    const crashes = crashesOf(coordinator)
    const { grows, still } = await loadHogs(coordinator, { grows: 40, still: 40 })
    const call = rejection(Promise.resolve(grows?.wait()))
    const other = still?.wait()
    await grow(coordinator, grows as Hog, 41, () => crashes.length > 0)
    expect(crashes).toEqual(['grows: memory-limit'])
    expect(await call).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', reason: 'memory-limit' })
    expect(coordinator.info('still')).toMatchObject({ state: 'ready', loads: 1, crashes: 0 })
    await still?.go()
    await other
  })

  test('is ended when it grows in bursts and stays past the limit, and nobody else is', async () => {
    await using coordinator = bigCoordinator()
    const crashes = crashesOf(coordinator)
    const { grows, still } = await loadHogs(coordinator, { grows: 40, still: 40 })
    const calls = [rejection(Promise.resolve(grows?.wait())), still?.wait()]
    // A burst every 400 ms: of the last few samples most show no growth.
    for (const size of [62, 64, 66]) {
      await grows?.report(size * gib).catch(() => undefined)
      await sleep(400)
    }
    // It stands at 106% of the limit.
    await until(() => crashes.length > 0)
    expect(crashes).toEqual(['grows: memory-limit'])
    expect(await calls[0]).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', reason: 'memory-limit' })
    expect(coordinator.info('still')).toMatchObject({ state: 'ready', loads: 1, crashes: 0 })
    await still?.go()
    await calls[1]
  })

  test('stays past the limit when it does not grow there', async () => {
    await using coordinator = bigCoordinator()
    const crashes = crashesOf(coordinator)
    const { a, b } = await loadHogs(coordinator, { a: 40, b: 40 })
    const calls = Promise.all([a?.wait(), b?.wait()])
    coordinator.memory.configure({ totalLimit: 70 * gib })
    // At that distance from the limit somebody to blame would be ended as soon as he has answered.
    await sleep(2 * COLLECT_TIME)
    expect(crashes).toEqual([])
    await Promise.all([a?.go(), b?.go()])
    await calls
  })

  test('is asked to drop what it can first, and stays when it does', async () => {
    await using coordinator = bigCoordinator()
    const crashes = crashesOf(coordinator)
    const { still } = await loadHogs(coordinator, { still: 40 })
    const remote = registerHog(coordinator, 'grows', 40 * gib, { config: { trims: true } })
    const calls = Promise.all([still?.wait() ?? undefined, remote.wait()])
    let passed = false
    coordinator.on('sample', ({ usage }) => (passed ||= usage > 100 * gib))
    let size = 40
    let asked = 0
    // Three times it passes the limit of all, and makes room.
    for (let times = 0; times < 3;) {
      await remote.report(++size * gib)
      // Slowly enough that there is time to ask, however busy the machine is: what would be past all bounds before it can answer is ended at once.
      await sleep(60)
      const { length } = await remote.pressures()
      if (length === asked) continue
      // It has dropped everything by then, and begins again.
      if (passed) times++
      passed = false
      size = 40
      asked = length
    }
    expect(crashes).toEqual([])
    await Promise.all([still?.go(), remote.go()])
    await calls
  })

  test('stays as long as something idle can go instead', async () => {
    await using coordinator = bigCoordinator({ policy: 'priority-idle', mediumThreshold: 0.84 })
    const crashes = crashesOf(coordinator)
    const { grows } = await loadHogs(coordinator, { grows: 20, a: 30, b: 30 })
    const call = grows?.wait()
    let done = false
    const growing = grow(coordinator, grows as Hog, 21, () => done)
    await until(() => loaded(coordinator).length === 1)
    done = true
    await growing
    expect(crashes).toEqual([])
    expect(loaded(coordinator)).toEqual(['grows'])
    await grows?.go()
    await call
  })
})
