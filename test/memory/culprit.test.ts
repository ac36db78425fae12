import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ComponentCoordinator } from '../../src/index.ts'
import type { Advice, AdviceEvent, Remote } from '../../src/index.ts'
import { fixture, silent, until } from '../support/coordinator.ts'
import type leaks from '../fixtures/leaks.ts'
import type { LeakKind } from '../fixtures/leaks.ts'

const mib = 1024 ** 2

/** Leaks in real workers under a limit of which they fill half in seconds: memory is short by then, and nobody waits to be quite sure. */
describe('who grows and keeps it', () => {
  let coordinator: ComponentCoordinator
  const told: AdviceEvent[] = []
  const unloads = new Map<string, number>()
  const innocents: Remote<typeof leaks>[] = []
  const register = (name: string, more: object = {}): Remote<typeof leaks> =>
    coordinator.registerComponent<typeof leaks>({ name, module: fixture('leaks.ts'), ...more })
  const growing = (name: string): Advice | undefined => coordinator.advice().find(({ id }) => id === `growing:${name}`)

  beforeAll(async () => {
    coordinator = new ComponentCoordinator({ logger: silent, memory: { totalLimit: 400 * mib, lowThreshold: 0.25 } })
    coordinator.on('advice', (event) => void told.push(event))
    coordinator.on('unload', ({ name }) => unloads.set(name, (unloads.get(name) ?? 0) + 1))
    for (let i = 0; i < 3; i++) {
      const innocent = register(`innocent-${i}`)
      innocents.push(innocent)
      await innocent.leak('buffers', 10 * mib)
    }
  })
  afterAll(async () => {
    await coordinator.shutdown()
  })

  /** Until it is named. Innocents make garbage meanwhile, and more of it than the one leaks. */
  async function leakUntilNamed(name: string, kind: LeakKind, more: object = {}): Promise<Advice> {
    const remote = register(name, more)
    unloads.clear()
    for (let i = 0; ; i++) {
      await remote.leak(kind, mib)
      await innocents[i % 3]?.waste(2 * mib)
      await remote.wait(20)
      const advice = growing(name)
      if (!advice) continue
      expect(Math.max(0, ...innocents.map((_, each) => unloads.get(`innocent-${each}`) ?? 0))).toBeLessThan(2)
      return advice
    }
  }

  it.each(['objects', 'shared', 'reported'] as const)('is named: %s', { timeout: 120_000 }, async (kind) => {
    const advice = await leakUntilNamed(kind, kind)
    expect(advice).toMatchObject({ component: kind, severity: 'warning', urgent: true })
    expect(advice.message).toMatch(
      new RegExp(
        `^"${kind}" grows by [\\d.]+ [MG]iB a minute since \\d\\d:\\d\\d:\\d\\d and keeps it: [\\d.]+ MiB were left after its garbage was collected, [\\d.]+ MiB .* before; at this pace it fills the limit in .*heap snapshots`,
      ),
    )
    expect(Math.abs(Date.now() - advice.since)).toBeLessThan(60_000)
    expect(coordinator.memory.growthOf(kind)).toBeGreaterThan(mib)
    expect(told.filter(({ id }) => id === advice.id)).toMatchObject([{ name: kind, over: false }])
    // Whoever looks afterwards still finds it.
    await coordinator.unloadComponent(kind)
    expect(growing(kind)?.message).toMatch(/^".+" grew by [\d.]+ MiB in .* until it was unloaded at/)
    expect(coordinator.memory.growthOf(kind)).toBe(0)
    await coordinator.unregisterComponent(kind)
    expect(growing(kind)).toBeUndefined()
    expect(told.filter(({ id }) => id === advice.id)).toMatchObject([{ over: false }, { over: true }])
  })

  it('is named in a process of its own', { timeout: 120_000 }, async () => {
    const advice = await leakUntilNamed('apart', 'buffers', { isolation: 'process' })
    expect(advice.message).toContain('keeps it')
    await coordinator.unregisterComponent('apart')
  })

  it('is named by which of its copies it is', { timeout: 120_000 }, async () => {
    const advice = await leakUntilNamed('copied', 'objects', { instances: { min: 2, max: 2 } })
    expect(advice.component).toBe('copied')
    await coordinator.unregisterComponent('copied')
  })

  it('is named when it passed its limit before anything could be proved', async () => {
    const hasty = register('hasty', { memoryLimit: 30 * mib })
    await hasty.wait(0)
    // Growth counts from the first figures after its load: on a busy machine it might have taken all of it before those.
    const loadedAt = Date.now()
    await until(async () => ((await coordinator.memory.sample()).components['hasty']?.sampledAt ?? 0) > loadedAt)
    // It may have to go before its answer is here.
    await hasty.leak('buffers', 60 * mib).catch(() => undefined)
    await expect
      .poll(() => growing('hasty')?.message)
      .toMatch(/until its worker was ended for passing its memory limit/)
    await coordinator.unregisterComponent('hasty')
  })

  it('nobody else was', () => {
    expect(told.filter(({ id }) => id.startsWith('growing:innocent'))).toEqual([])
  })
})

it('to see what is left tells no component that memory is short', async () => {
  await using coordinator = new ComponentCoordinator({ logger: silent })
  const burst = coordinator.registerComponent<typeof leaks>({ name: 'burst', module: fixture('leaks.ts') })
  await burst.leak('objects', 1)
  while (coordinator.memory.leaks.proofs === 0) {
    await burst.leak('objects', 4 * mib)
    await burst.wait(20)
  }
  expect(await burst.levels()).toEqual([])
  expect(coordinator.advice()).toEqual([])
})
