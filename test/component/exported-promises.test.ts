import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ComponentDefinition } from '../../src/index.ts'
import { rejection, sharedCoordinator } from '../support/coordinator.ts'
import { program } from '../support/program.ts'

const coordinator = sharedCoordinator()
let serial = 0

async function kindOf(code: string, more: Partial<ComponentDefinition> = {}, file = 'a.mjs'): Promise<string> {
  const name = `exported-${++serial}`
  const module = join(program({ [file]: code }), file)
  const remote = coordinator.registerComponent<{ kind(): string }>({ name, module, ...more })
  try {
    return await remote.kind()
  } finally {
    await coordinator.unregisterComponent(name)
  }
}

describe('an export that is a promise stands for what it gives', () => {
  it.each([
    ['an object', `export default Promise.resolve({ kind: () => 'object' })`, 'object'],
    ['a class', `export default Promise.resolve(class { kind() { return 'class' } })`, 'class'],
    ['a factory', `export default Promise.resolve(async () => ({ kind: () => 'factory' }))`, 'factory'],
    [
      'a component',
      `export default Promise.resolve({ [Symbol.for('spillway.component')]: () => ({ kind: () => 'component' }) })`,
      'component',
    ],
  ])('%s', async (_, code, kind) => {
    expect(await kindOf(code)).toBe(kind)
  })

  it('of CommonJS, all of it included', async () => {
    const code = `module.exports = (async () => ({ kind: () => 'connected' }))()`
    expect(await kindOf(code, {}, 'a.cjs')).toBe('connected')
    expect(await kindOf(code, { export: '*' }, 'a.cjs')).toBe('connected')
  })

  it.each(['thread', 'process'] as const)('in a %s, one that is rejected is a load that failed', async (isolation) => {
    expect(
      await rejection(kindOf(`export default Promise.reject(new RangeError('refused'))`, { isolation })),
    ).toMatchObject({
      code: 'ERR_COMPONENT_LOAD',
      message: expect.stringMatching(/RangeError: refused$/) as string,
    })
  })
})

describe('what is built in is no component, whatever methods it has', () => {
  it.each([
    ['[1, 2]', 'an array of 2'],
    ['new Map()', 'an object (Map)'],
    ['() => new Set()', 'an object (Set)'],
    ['new Date()', 'an object (Date)'],
    ['Buffer.from("a")', 'an object (Buffer)'],
    ['new Float64Array(1)', 'an object (Float64Array)'],
    ['new RangeError("a")', 'an object (RangeError)'],
    ['Promise.resolve([])', 'an array of 0'],
  ])('%s', async (value, told) => {
    const error = await rejection(kindOf(`export default ${value}`))
    expect((error as Error).message).toContain(
      `export "default" gave ${told}; a component is an object whose functions may be called`,
    )
  })

  it('but a class of somebody’s that extends a collection is one', async () => {
    expect(await kindOf(`export default class extends Map { kind() { return 'own' } }`)).toBe('own')
  })
})
