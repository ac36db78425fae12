import { finalizer } from 'comlink'
import { describe, expect, it } from 'vitest'
import { proxy, transfer } from '../../src/index.ts'
import type { Remote } from '../../src/index.ts'
import type handingOn from '../fixtures/handing-on.ts'
import { collectGarbage } from '../../src/host/collect-garbage.ts'
import { fixture, rejection, sharedCoordinator } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const module = fixture('handing-on.ts')
let count = 0

/** A component, and the one it hands on to. */
function pair(): { first: Remote<typeof handingOn>; second: Remote<typeof handingOn>; names: [string, string] } {
  const names: [string, string] = [`first-${++count}`, `second-${count}`]
  const second = coordinator.registerComponent<typeof handingOn>({ name: names[1], module })
  const first = coordinator.registerComponent<typeof handingOn>({ name: names[0], module, dependencies: [names[1]] })
  return { first, second, names }
}
const inUse = (name: string): number => coordinator.info(name).inUse

function listener(): { seen: unknown[]; value: object } {
  const seen: unknown[] = []
  const value = proxy({
    onTick: (tick: number) => seen.push(tick),
    nested: { onEnd: () => seen.push('end') },
    [finalizer]: () => seen.push('finalized'),
  })
  return { seen, value }
}

describe('a callback that is handed on', () => {
  it('keeps its methods', async () => {
    const { first, second } = pair()
    const { seen, value } = listener()
    await first.handOn(value)
    await second.tick(1)
    await second.end()
    expect(seen).toEqual([1, 'end'])
    expect(await rejection(second.callItself(1))).toMatchObject({ code: 'ERR_NO_SUCH_METHOD' })
  })

  it('may be a member of one', async () => {
    const { first, second } = pair()
    const { seen, value } = listener()
    await first.handOnNested(value)
    await second.endItself()
    expect(seen).toEqual(['end'])
  })

  it('needs nobody in between', async () => {
    const { first, second, names } = pair()
    const { seen, value } = listener()
    await first.handOn(value)
    await rejection(first.exit())
    await second.tick(1)
    expect(seen).toEqual([1])
    expect(inUse(names[1])).toBe(1)
  })

  it('is finalized once, when nobody can call it any more', async () => {
    const { first, second, names } = pair()
    const { seen, value } = listener()
    await first.keep(value)
    await first.handOn(value)
    await second.release()
    await expect.poll(() => inUse(names[1])).toBe(0)
    expect(seen).toEqual([])
    await first.release()
    await expect
      .poll(async () => {
        await first.forget()
        return seen
      })
      .toEqual(['finalized'])
    expect(inUse(names[0])).toBe(0)
  })
})

describe('the finalizer of a callback', () => {
  it('is called when its remote is collected', async () => {
    const { first } = pair()
    const { seen, value } = listener()
    await first.keep(value)
    await expect
      .poll(async () => {
        await first.forget()
        return seen
      })
      .toEqual(['finalized'])
  })

  it('is called when its component dies', async () => {
    const { first } = pair()
    const { seen, value } = listener()
    await first.keep(value)
    await rejection(first.exit())
    await expect.poll(() => seen).toEqual(['finalized'])
  })

  it('is called once when the component that gave it is unloaded', async () => {
    const ended = new Int32Array(new SharedArrayBuffer(4))
    const giving = coordinator.registerComponent<typeof handingOn>({ name: 'giving', module, config: { ended } })
    const given = await giving.give()
    expect(await given.up(1)).toBe(2)
    await coordinator.unloadComponent('giving')
    expect(ended[0]).toBe(1)
    expect(await rejection(given.up(1))).toBeInstanceOf(Error)
  })
})

describe('a method', () => {
  it('named like a member of functions is the component’s where it is no method’s own', async () => {
    const { first } = pair()
    expect(await first.call('x')).toBe('call x')
    expect(await first.bind.x()).toBe('x')
    expect(await first.phone.call(1, 2)).toEqual([1, 2])
    expect(await first.phone.apply('rule')).toEqual(['rule'])
    expect(await first.phone.apply('rule', [1] as never)).toEqual(['rule', [1]])
    const bytes = new Uint8Array([1, 2]).buffer
    expect(await first.phone.call('self' as never, transfer(bytes, [bytes]) as never)).toEqual([
      'self',
      new Uint8Array([1, 2]).buffer,
    ])
    const more = new Uint8Array([3]).buffer
    expect(await first.phone.apply('rule', [transfer(more, [more])] as never)).toEqual([
      'rule',
      [new Uint8Array([3]).buffer],
    ])
    expect([bytes.detached, more.detached]).toEqual([true, true])
  })

  it('of a very long name is not remembered, however few there are', async () => {
    const { first } = pair()
    const remote = first as unknown as Record<string, Record<string, object>>
    const long = 'long'.repeat(10_000)
    const refs = [remote[long], remote['nested']?.[long]].map((member) => new WeakRef(member as object))
    await new Promise((resolve) => setImmediate(resolve))
    await expect
      .poll(() => {
        collectGarbage()
        return refs.every((ref) => ref.deref() === undefined)
      })
      .toBe(true)
    expect(remote['nested']).toBe(remote['nested'])
  })

  it('is the same when it is read again, and computed names do not pile up', async () => {
    const { first } = pair()
    const remote = first as unknown as Record<string, Record<string, unknown>>
    expect(remote['tick']).toBe(remote['tick'])
    expect(remote['phone']?.['call']).toBe(remote['phone']?.['call'])
    const read = (round: number): void => {
      for (let i = 0; i < 20_000; i++) {
        void remote[`m${round}-${i}`]?.['nested']
        void remote['constructor']?.[`m${round}-${i}`]
      }
    }
    read(0)
    const refs = Array.from({ length: 50 }, (_, i) => new WeakRef(remote[`again-${i}`] as object))
    await new Promise((resolve) => setImmediate(resolve))
    read(1)
    await expect
      .poll(() => {
        collectGarbage()
        return refs.every((ref) => ref.deref() === undefined)
      })
      .toBe(true)
  })
})
