import { wrap } from 'comlink'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { proxy } from '../../src/index.ts'
import type { ComponentCoordinator } from '../../src/index.ts'
import { quietCoordinator } from '../support/coordinator.ts'

const source = `
export default class Builder {
  secret = 'inside'
  parts = []
  nested = { owner: 'nested', add: (x) => { this.parts.push(x); return this }, own() { return this } }
  add(x) { this.parts.push(x); return this }
  async later(x) { this.parts.push(x); return this }
  list() { return this.parts }
  copy() { return { ...this, nested: undefined } }
  async pass(callback) {
    const nested = await callback.nested.on('a')
    const itself = await callback.on('b')
    await itself.on('c')
    return [nested, typeof itself === 'function']
  }
}
`
interface Builder {
  secret: string
  add(x: number): unknown
  later(x: number): Promise<unknown>
  list(): number[]
  copy(): unknown
  pass(callback: object): Promise<unknown>
  nested: { add(x: number): unknown; own(): unknown }
}

let coordinator: ComponentCoordinator
beforeEach(() => {
  coordinator = quietCoordinator({ spareWorkers: 0 })
})
afterEach(async () => {
  await coordinator.shutdown()
})
const definition = (isolation: 'thread' | 'process') => ({
  name: 'builder',
  module: `data:text/javascript,${encodeURIComponent(source)}`,
  isolation,
})

describe.each(['thread', 'process'] as const)('a method that returns what it was called on, in a %s', (isolation) => {
  it('answers with nothing', async () => {
    const remote = coordinator.registerComponent<Builder>(definition(isolation))
    expect(await remote.add(1)).toBeUndefined()
    expect(await remote.later(2)).toBeUndefined()
    expect(await remote.nested.add(3)).toBeUndefined()
    expect(await remote.nested.own()).toBeUndefined()
    expect(await remote.add.call(undefined, 4)).toBeUndefined()
    expect(await remote.list()).toEqual([1, 2, 3, 4])
  })

  it('is no concern of methods that return something else of theirs', async () => {
    const remote = coordinator.registerComponent<Builder>(definition(isolation))
    await remote.add(1)
    expect(await remote.copy()).toEqual({ secret: 'inside', parts: [1], nested: undefined })
  })

  it('may be part of a callback; the callback itself is marked, and passed by reference', async () => {
    const remote = coordinator.registerComponent<Builder>(definition(isolation))
    const parts: string[] = []
    const callback = proxy({
      on(part: string) {
        parts.push(part)
        return this
      },
      nested: {
        on(part: string) {
          parts.push(part)
          return this
        },
      },
    })
    expect(await remote.pass(callback)).toEqual([undefined, true])
    expect(parts).toEqual(['a', 'b', 'c'])
  })
})

it('so it is for a peer of stock comlink', async () => {
  coordinator.registerComponent<Builder>(definition('thread'))
  const port = coordinator.createEndpoint('builder')
  const remote = wrap<Builder>(port)
  expect(await remote.add(1)).toBeUndefined()
  expect(await remote.list()).toEqual([1])
  port.close()
})
