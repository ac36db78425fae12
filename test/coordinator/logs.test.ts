import { Writable } from 'node:stream'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { ComponentCoordinator } from '../../src/index.ts'
import { rejection, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

interface Line {
  readonly level: number
  readonly msg: string
  readonly component?: string
  readonly generation?: number
  readonly line?: number
}

function logged(level = 'info'): { coordinator: ComponentCoordinator; lines: Line[] } {
  const lines: Line[] = []
  const sinkStream = new Writable({
    write(chunk: Buffer, _, done) {
      for (const line of chunk.toString().trim().split('\n')) lines.push(JSON.parse(line) as Line)
      done()
    },
  })
  return {
    coordinator: new ComponentCoordinator({ logger: pino({ level }, sinkStream), autoUnloadEnabled: false }),
    lines,
  }
}
const ofComponent = (lines: readonly Line[], name: string, message: RegExp): Line[] =>
  lines.filter(({ component, msg }) => component === name && message.test(msg))

describe('what a component logs', () => {
  it('is forwarded in order, with its name and generation', async () => {
    const { coordinator, lines } = logged()
    await using _ = coordinator
    const remote = coordinator.registerComponent<KitchenSink>(sink('talking'))
    await remote.log(1_000)
    await remote.log(5)
    await until(() => ofComponent(lines, 'talking', /^line/).length === 1_005)
    const forwarded = ofComponent(lines, 'talking', /^line/)
    expect(forwarded.map(({ line }) => line)).toEqual([
      ...Array.from({ length: 1_000 }, (_, i) => i),
      ...Array.from({ length: 5 }, (_, i) => i),
    ])
    expect(forwarded[3]).toMatchObject({ level: 30, msg: 'line 3', generation: 1 })
  })

  it('is not lost at an unload, nor what the dispose hook logs', async () => {
    const { coordinator, lines } = logged()
    await using _ = coordinator
    const remote = coordinator.registerComponent<KitchenSink>(sink('leaving', { config: { disposeLines: 50 } }))
    for (let generation = 1; generation <= 3; generation++) {
      void remote.log(200)
      await remote.add(1, 1)
      await coordinator.unloadComponent('leaving')
      const mine = lines.filter((line) => line.generation === generation)
      expect(ofComponent(mine, 'leaving', /^line/)).toHaveLength(200)
      expect(ofComponent(mine, 'leaving', /^disposing/).map(({ line }) => line)).toEqual(
        Array.from({ length: 50 }, (_, i) => i),
      )
    }
  })

  it('is not lost when it exits, or throws', async () => {
    const { coordinator, lines } = logged()
    await using _ = coordinator
    const remote = coordinator.registerComponent<KitchenSink>(sink('dying'))
    await rejection(remote.logAndExit(100))
    expect(ofComponent(lines, 'dying', /^line/)).toHaveLength(100)
    await rejection(remote.logAndThrow(100))
    await until(() => coordinator.info('dying').crashes === 2)
    expect(ofComponent(lines, 'dying', /^line/)).toHaveLength(200)
  })

  it('carries the thread, and is redacted as the coordinator’s logger says', async () => {
    const lines: Record<string, unknown>[] = []
    const output = new Writable({
      write(chunk: Buffer, _, done) {
        for (const line of chunk.toString().trim().split('\n')) lines.push(JSON.parse(line) as Record<string, unknown>)
        done()
      },
    })
    const logger = pino({ redact: ['config.apiKey', 'line'] }, output)
    await using coordinator = new ComponentCoordinator({ logger, autoUnloadEnabled: false })
    const remote = coordinator.registerComponent<KitchenSink>(sink('secretive'))
    await remote.log(2)
    const thread = await remote.thread()
    await coordinator.unloadComponent('secretive')
    expect(lines.filter(({ msg }) => String(msg).startsWith('line'))).toMatchObject([
      { component: 'secretive', generation: 1, thread, line: '[Redacted]' },
      { component: 'secretive', generation: 1, thread, line: '[Redacted]' },
    ])
  })

  it('is bounded in a flood, which says how many lines it dropped', async () => {
    const { coordinator, lines } = logged()
    await using _ = coordinator
    const remote = coordinator.registerComponent<KitchenSink>(sink('flooding'))
    await remote.log(25_000)
    await coordinator.unloadComponent('flooding')
    expect(ofComponent(lines, 'flooding', /^line/)).toHaveLength(10_000)
    expect(ofComponent(lines, 'flooding', /dropped/)).toMatchObject([{ level: 40, dropped: 15_000 }])
  })

  it('is filtered where it is made, by the level of the coordinator’s logger', async () => {
    const { coordinator, lines } = logged('warn')
    await using _ = coordinator
    const remote = coordinator.registerComponent<KitchenSink>(sink('quiet'))
    await remote.log(10)
    await coordinator.unloadComponent('quiet')
    expect(lines).toEqual([])
  })
})

describe('what the coordinator logs', () => {
  it('tells of loads, unloads and crashes', async () => {
    const { coordinator, lines } = logged()
    await using _ = coordinator
    const remote = coordinator.registerComponent<KitchenSink>(sink('watched'))
    await remote.add(1, 1)
    await coordinator.unloadComponent('watched')
    await rejection(remote.exit(4))
    for (const message of [/loaded/, /unloaded/]) {
      expect(ofComponent(lines, 'watched', message).length).toBeGreaterThan(0)
    }
    expect(ofComponent(lines, 'watched', /crashed/)).toMatchObject([{ level: 50, generation: 2, reason: 'exit' }])
  })

  it('a listener of its events that throws harms nothing', async () => {
    const { coordinator, lines } = logged()
    await using _ = coordinator
    const bad = (): never => {
      throw new Error('bad listener')
    }
    coordinator.on('load', bad).on('unload', bad).on('crash', bad)
    const remote = coordinator.registerComponent<KitchenSink>(sink('heard'))
    expect(await remote.add(1, 1)).toBe(2)
    await coordinator.unloadComponent('heard')
    await rejection(remote.exit(1))
    expect(await remote.generation()).toBe(3)
    expect(lines.some(({ msg }) => msg.includes('listener'))).toBe(true)
  })
})
