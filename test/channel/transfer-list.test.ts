import * as Comlink from 'comlink'
import { afterEach, describe, expect, it } from 'vitest'
import { transferListOf } from '../../src/channel/transfer-list.ts'
import { fixture, sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import type moving from '../fixtures/moving.ts'

describe('what a value was told to move', () => {
  afterEach(() => {
    Comlink.transferHandlers.delete('mine')
  })

  it("is read from comlink's own transfer()", () => {
    const values = new Float64Array(2)
    const list = [values.buffer]
    expect(transferListOf(Comlink.transfer({ values }, list))).toBe(list)
    const { port1, port2 } = new MessageChannel()
    expect(transferListOf(Comlink.transfer(port2, [port2]))).toEqual([port2])
    port1.close()
  })

  it('is nothing for all else, also after one that had something', () => {
    const values = new Float64Array(2)
    transferListOf(Comlink.transfer(values, [values.buffer]))
    for (const value of [{ values }, new Float64Array(2), values.buffer, Comlink.proxy(() => 1), null, 1]) {
      expect(transferListOf(value)).toEqual([])
    }
  })

  it('is asked of no transfer handler: serializing may open things, or close them', () => {
    let serialized = 0
    Comlink.transferHandlers.set('mine', {
      canHandle: (value): value is object => value instanceof Map,
      serialize: (value) => {
        serialized++
        return [value, []]
      },
      deserialize: (value: object) => value,
    })
    expect(transferListOf(Comlink.transfer(new Map(), [new ArrayBuffer(1)]))).toEqual([])
    expect(serialized).toBe(0)
  })

  it('can be asked again after something threw', () => {
    const hostile = {
      get [Comlink.proxyMarker](): never {
        throw new Error('no')
      },
    }
    expect(() => transferListOf(hostile)).toThrow('no')
    const buffer = new ArrayBuffer(1)
    expect(transferListOf(Comlink.transfer(buffer, [buffer]))).toEqual([buffer])
  })
})

describe("what was marked by the user's own import of comlink", () => {
  const coordinator = sharedCoordinator()
  const remote = coordinator.registerComponent<KitchenSink>(sink('comlinks'))

  it('moves with an argument, wherever in it it is', async () => {
    const deep = new Float64Array(10).fill(2)
    const list = Array.from({ length: 2_000 }, (_, i) => (i === 1_500 ? { deep } : i))
    const echoed = (await remote.echo(Comlink.transfer(list, [deep.buffer]))) as typeof list
    expect(deep.byteLength).toBe(0)
    expect(echoed[1_500]).toEqual({ deep: new Float64Array(10).fill(2) })
  })

  it('moves with a result', async () => {
    const module = fixture('moving.ts')
    const mover = coordinator.registerComponent<typeof moving>({ name: 'mover', module })
    expect(await mover.giveAway(4)).toEqual({ values: new Float64Array(4).fill(3) })
    expect(await mover.kept()).toBe(0)
  })
})
