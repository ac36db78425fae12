import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ComponentLoadError, ComponentLoadTimeoutError, ComponentNotFoundError } from '../../src/index.ts'
import type { ComponentCrashedError, ComponentDefinition } from '../../src/index.ts'
import { fixture, rejection, sharedCoordinator, sink, steady, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
let serial = 0

interface Any {
  value(): Promise<number>
}
function register(more: Partial<ComponentDefinition>): { name: string; remote: Any } {
  const name = `broken-${++serial}`
  const definition = { name, module: fixture('broken/initialisers.mjs'), ...more }
  return { name, remote: coordinator.registerComponent(definition) as Any }
}
const threads = (): number => readdirSync('/proc/self/task').length

describe('a load that fails', () => {
  it.each<[string, Partial<ComponentDefinition>, RegExp]>([
    ['a missing module', { module: fixture('broken/nowhere.mjs') }, /Cannot find module/],
    ['a missing package', { module: 'no-such-package-anywhere' }, /Cannot find package/],
    ['a syntax error', { module: fixture('broken/syntax-error.mjs') }, /SyntaxError/],
    ['no default export', { module: fixture('broken/no-default.mjs') }, /no default export; it exports something/],
    ['no such export', { module: fixture('broken/no-default.mjs'), export: 'nothing' }, /no export named "nothing"/],
    ['a module that throws', { module: fixture('broken/throws.mjs') }, /RangeError: the module threw/],
    ['an export that is no component', { export: 'number' }, /gave number/],
    ['an export that is null', { export: 'nothing' }, /the module's export "nothing" is null/],
    ['an initialiser that gives nothing', { export: 'givesNothing' }, /gave undefined/],
    ['an initialiser that throws text', { export: 'throwsString' }, /it threw a string/],
    ['an initialiser that throws null', { export: 'throwsNull' }, /it threw null/],
    ['an initialiser that rejects', { export: 'rejects' }, /TypeError: no connection/],
    ['a constructor that throws', { export: 'ThrowsInConstructor' }, /not constructed/],
    ['a module that exits', { module: fixture('broken/exits.mjs') }, /exited with code 0 while loading/],
    ['an initialiser that exits', { export: 'exitsLater' }, /exited with code 7 while loading/],
    ['an exit right after it is ready', { module: fixture('broken/exits-when-ready.mjs') }, /./],
    [
      'running out of memory',
      { module: fixture('broken/exhausts.mjs'), resourceLimits: { maxOldGenerationSizeMb: 32 } },
      /ran out of memory while loading/,
    ],
    ['options that Node refuses', { execArgv: ['--no-such-option'] }, /could not be started: .*no-such-option/],
    [
      'a preload that is missing',
      { execArgv: ['--require', './no-such-file.cjs'] },
      /died while loading: .*no-such-file/,
    ],
  ])('for %s is told to whoever waits for it', async (_, definition, message) => {
    const { name, remote } = register(definition)
    const error = (await rejection(remote.value())) as ComponentLoadError | ComponentCrashedError
    expect(error.code).toMatch(/ERR_COMPONENT_(LOAD|CRASHED)$/)
    expect(error).toMatchObject({ component: name, message: expect.stringMatching(message) as string })
    expect(coordinator.info(name)).toMatchObject({ inUse: 0, memory: null })
    await until(() => coordinator.info(name).state === 'unloaded')
  })

  it('keeps its cause, with the stack of the component', async () => {
    const { remote } = register({ module: fixture('broken/throws.mjs') })
    const error = (await rejection(remote.value())) as Error
    expect(error).toBeInstanceOf(ComponentLoadError)
    expect(error.cause).toBeInstanceOf(RangeError)
    expect(error.cause).toMatchObject({ cause: { message: 'the reason' } })
    expect((error.cause as Error).stack).toContain('throws.mjs')
    const rejects = register({ export: 'rejects' })
    expect(await rejection(rejects.remote.value())).toMatchObject({ cause: { name: 'TypeError', code: 'E_CONNECT' } })
  })

  it('is tried anew by the next call', async () => {
    const counter = new Int32Array(new SharedArrayBuffer(4))
    const { name, remote } = register({ export: 'failsAtFirst', config: { counter, failures: 2 } })
    const attempts = remote as unknown as { attempts(): Promise<number> }
    expect(await rejection(attempts.attempts())).toMatchObject({ cause: { message: 'attempt 1' } })
    expect(await rejection(attempts.attempts())).toMatchObject({ cause: { message: 'attempt 2' } })
    expect(await attempts.attempts()).toBe(3)
    expect(coordinator.info(name)).toMatchObject({ generation: 3, loads: 1, crashes: 0 })
  })

  it('is one failure for all who wait', async () => {
    const counter = new Int32Array(new SharedArrayBuffer(4))
    const { remote } = register({ export: 'failsAtFirst', config: { counter, failures: 1 } })
    const errors = await Promise.all(Array.from({ length: 20 }, async () => rejection(remote.value())))
    // Each has an error with a stack of its own.
    expect(new Set(errors.map((error) => (error as Error).cause)).size).toBe(1)
    expect(counter[0]).toBe(1)
  })
})

describe('a load that takes too long', () => {
  it.each<[string, Partial<ComponentDefinition>]>([
    ['an initialiser that never settles', { export: 'neverSettles' }],
    ['a top-level await that never settles', { module: fixture('broken/never-awaits.mjs') }],
    ['a module that spins', { module: fixture('broken/spins.mjs') }],
  ])('%s: the worker is ended', async (_, definition) => {
    await coordinator.getComponent('bystander')
    const before = await steady(threads)
    const { name, remote } = register({ ...definition, timeout: 300 })
    const started = performance.now()
    const error = await rejection(remote.value())
    expect(error).toBeInstanceOf(ComponentLoadTimeoutError)
    expect(error).toMatchObject({ component: name, timeout: 300 })
    expect(performance.now() - started).toBeGreaterThan(290)
    expect(coordinator.info(name).state).toBe('unloaded')
    await until(() => threads() <= before)
    expect(threads()).toBeLessThanOrEqual(before)
  })

  coordinator.registerComponent(sink('bystander'))
})

describe('a dependency', () => {
  it('that fails gives the chain', async () => {
    coordinator.registerComponent({ name: 'bottom', module: fixture('broken/throws.mjs') })
    coordinator.registerComponent(sink('middle', { dependencies: ['bottom'] }))
    const top = coordinator.registerComponent<KitchenSink>(sink('top', { dependencies: ['bystander', 'middle'] }))
    const error = (await rejection(top.add(1, 1))) as ComponentLoadError
    expect(error).toBeInstanceOf(ComponentLoadError)
    expect(error).toMatchObject({ component: 'top', chain: ['top', 'middle', 'bottom'] })
    expect(error.message).toContain('top -> middle -> bottom')
    expect(error.cause).toMatchObject({ component: 'middle', chain: ['middle', 'bottom'] })
    expect((error.cause as Error).cause).toMatchObject({ component: 'bottom', cause: { name: 'RangeError' } })
    expect(coordinator.info('top')).toMatchObject({ state: 'unloaded', generation: 1, loads: 0 })
    expect(coordinator.info('bystander').state).toBe('ready')
  })

  it('that is not registered is named', async () => {
    const orphan = coordinator.registerComponent<KitchenSink>(sink('orphan', { dependencies: ['nobody'] }))
    const error = (await rejection(orphan.add(1, 1))) as Error
    expect(error).toMatchObject({ code: 'ERR_COMPONENT_LOAD', chain: ['orphan', 'nobody'] })
    expect(error.cause).toBeInstanceOf(ComponentNotFoundError)
    coordinator.registerComponent(sink('nobody'))
    expect(await orphan.add(1, 1)).toBe(2)
  })

  it('that fails does not count against its dependents', async () => {
    const counter = new Int32Array(new SharedArrayBuffer(4))
    coordinator.registerComponent({
      name: 'flaky',
      module: fixture('broken/initialisers.mjs'),
      export: 'failsAtFirst',
      config: { counter, failures: 3 },
    })
    const dependent = coordinator.registerComponent<KitchenSink>(
      sink('innocent', { dependencies: ['flaky'], restart: { intensity: 0 } }),
    )
    for (let i = 0; i < 3; i++) expect(await rejection(dependent.add(1, 1))).toBeInstanceOf(ComponentLoadError)
    expect(await dependent.add(1, 1)).toBe(2)
  })
})
