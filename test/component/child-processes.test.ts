import { pino } from 'pino'
import { afterAll, describe, expect, it } from 'vitest'
import { ComponentCoordinator } from '../../src/index.ts'
import type { Remote } from '../../src/index.ts'
import { processStat } from '../../src/base/process-stat.ts'
import { fixture, rejection, sharedCell, until } from '../support/coordinator.ts'
import type parentModule from '../fixtures/parent.ts'

interface Line {
  readonly component?: string
  readonly msg: string
  readonly children?: readonly { readonly pid: number; readonly command: string }[]
}
const lines: Line[] = []
const coordinator = new ComponentCoordinator({
  logger: pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line) as Line) }),
  autoUnloadEnabled: false,
})
afterAll(async () => {
  await coordinator.shutdown()
})

const parent = (name: string, config?: object): Remote<typeof parentModule> =>
  coordinator.registerComponent<typeof parentModule>({
    name,
    module: fixture('parent.ts'),
    config,
    disposeTimeout: 500,
  })
const toldOf = (name: string): readonly Line[] =>
  lines.filter(({ component, children }) => component === name && children !== undefined)
const runs = (pid: number): boolean => {
  const stat = processStat(pid)
  return stat !== undefined && stat.state !== 'Z'
}

describe('child processes that a component has left behind', () => {
  it('are ended by its unload, which says so; those that are over, or detached, are not', async () => {
    const remote = parent('leaves')
    const left = await Promise.all([remote.plain(), remote.unheeded(), remote.stubborn()])
    const [detached] = await Promise.all([remote.detached(), remote.over(), remote.missing()])
    try {
      expect([...left, detached].every(runs)).toBe(true)
      const { children } = await coordinator.unloadComponent('leaves')
      expect(children).toHaveLength(left.length)
      expect(new Set(children.map(({ pid }) => pid))).toEqual(new Set(left))
      expect(children.find(({ pid }) => pid === left[0])).toEqual({ pid: left[0], command: 'sleep 1000' })
      expect(left.filter(runs)).toEqual([])
      // Its thread took note: nothing defunct is left of them.
      expect(left.filter((pid) => processStat(pid))).toEqual([])
      expect(runs(detached)).toBe(true)
      expect(toldOf('leaves')).toHaveLength(1)
      expect(toldOf('leaves')[0]?.children).toEqual(children)
    } finally {
      process.kill(detached)
    }
  })

  it('are none of those that it ended itself', async () => {
    const remote = parent('tidies', { tidies: true })
    const pid = await remote.plain()
    const { children } = await coordinator.unloadComponent('tidies')
    // It was told to end just before: it may not have yet.
    expect(children.filter((child) => child.pid !== pid)).toEqual([])
    expect(runs(pid)).toBe(false)
    expect((await coordinator.unloadComponent('tidies')).children).toEqual([])
  })

  it('are ended when it crashes', async () => {
    const remote = parent('crashes')
    const left = [await remote.plain(), await remote.stubborn()]
    expect(await rejection(remote.exit())).toMatchObject({ reason: 'exit', exitCode: 7 })
    await until(() => !left.some(runs))
    expect(toldOf('crashes').map(({ children }) => children?.map(({ pid }) => pid))).toEqual([left])
  })

  it('are ended when it is stuck, also one that it started just before', async () => {
    const remote = parent('spins')
    const started = sharedCell()
    const call = rejection(remote.spin(started))
    await until(() => Atomics.load(started, 0) !== 0)
    await coordinator.unloadComponent('spins', { deadline: 0 })
    expect(await call).toMatchObject({ reason: 'terminated' })
    await until(() => !runs(Atomics.load(started, 0)))
    expect(toldOf('spins')).toHaveLength(1)
  })
})
