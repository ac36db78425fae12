import { releaseProxy } from 'comlink'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { collectGarbage } from '../../src/host/collect-garbage.ts'
import { proxy } from '../../src/index.ts'
import type { Remote } from '../../src/index.ts'
import { rejection, sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const remote = coordinator.registerComponent<KitchenSink>(sink('callbacks'))
const inUse = (name = 'callbacks'): number => coordinator.info(name).inUse
let fresh = 0
const another = (): Remote<KitchenSink> => coordinator.registerComponent<KitchenSink>(sink(`callbacks-${++fresh}`))

/** Until the component has collected what nobody in it holds any more. */
async function forgotten(name: string): Promise<void> {
  await until(async () => {
    await coordinator.component<KitchenSink>(name).collectGarbage()
    return inUse(name) === 0
  })
}

describe('a callback of the caller', () => {
  it('is called, and its answers come back', async () => {
    const values: number[] = []
    const sum = await remote.callBack(
      proxy((value: number) => {
        values.push(value)
        return value * 10
      }),
      5,
    )
    expect(values).toEqual([0, 1, 2, 3, 4])
    expect(sum).toBe(100)
  })

  it('may be given while the component loads', async () => {
    expect(
      await another().callBack(
        proxy((value: number) => value + 1),
        3,
      ),
    ).toBe(6)
  })

  it('may answer later, and may throw', async () => {
    const later = proxy(async (value: number) => {
      await turn()
      return value
    })
    expect(await remote.callBack(later, 3)).toBe(3)
    const throwing = proxy((value: number): number => {
      throw new RangeError(`not ${value}`)
    })
    const error = await rejection(remote.callBack(throwing, 1))
    expect(error).toBeInstanceOf(RangeError)
    expect((error as Error).stack).toContain('callbacks.test.ts')
  })

  it('may be an object with methods', async () => {
    const greeter = proxy({ greet: (name: string) => `hi ${name}` })
    expect(await remote.callBackMethod(greeter)).toBe('hi worker')
    class Greeter {
      readonly greeting = 'good day'
      greet(name: string): string {
        return `${this.greeting} ${name}`
      }
    }
    expect(await remote.callBackMethod(proxy(new Greeter()))).toBe('good day worker')
  })

  it('that is kept keeps the component in use, until it is forgotten', async () => {
    const kept = another()
    const name = `callbacks-${fresh}`
    await kept.keep(proxy((value: number) => value + 1))
    expect(inUse(name)).toBe(1)
    expect(await kept.callKept(41)).toBe(42)
    await kept.forget()
    await forgotten(name)
    expect(inUse(name)).toBe(0)
  })

  it('without proxy() is refused', async () => {
    const bare = (value: number): number => value
    expect(await rejection(remote.callBack(bare as never, 1))).toMatchObject({ what: 'argument 1 of callBack()' })
  })

  it('is closed when its call is never sent', async () => {
    const target = coordinator.registerComponent<KitchenSink>({
      name: 'never-loads',
      module: new URL('../fixtures/broken/throws.mjs', import.meta.url),
    })
    const ports = (): number => process.getActiveResourcesInfo().filter((type) => type === 'MessagePort').length
    await rejection(
      target.callBack(
        proxy((value: number) => value),
        1,
      ),
    )
    await coordinator.getComponent('callbacks')
    const before = ports()
    for (let i = 0; i < 3; i++)
      await rejection(
        target.callBack(
          proxy((value: number) => value),
          1,
        ),
      )
    await rejection(remote.arity(proxy(() => 1) as never, Symbol('not cloneable')))
    await expect.poll(ports).toBeLessThanOrEqual(before)
  })
})

describe('a callback of the component', () => {
  it('is called by the caller', async () => {
    const counter = await remote.makeCounter()
    expect(await counter.up(2)).toBe(2)
    expect(await counter.up(3)).toBe(5)
    const add = await remote.makeAdder(40)
    expect(await add(2)).toBe(42)
  })

  it('offers its methods and nothing else', async () => {
    const counter = (await remote.makeCounter()) as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
    await expect(counter['nobody']?.()).rejects.toMatchObject({ code: 'ERR_NO_SUCH_METHOD' })
    await expect(counter['constructor']?.('return process')).rejects.toMatchObject({ code: 'ERR_NO_SUCH_METHOD' })
    await expect((counter as unknown as () => Promise<unknown>)()).rejects.toMatchObject({ code: 'ERR_NO_SUCH_METHOD' })
  })

  it('keeps the component in use until it is released', async () => {
    const made = another()
    const name = `callbacks-${fresh}`
    const counter = await made.makeCounter()
    expect(await counter.up(1)).toBe(1)
    expect(inUse(name)).toBe(1)
    ;(counter as unknown as { [releaseProxy](): void })[releaseProxy]()
    await until(() => inUse(name) === 0)
    expect(await rejection(counter.up(1))).toMatchObject({ name: 'AbortError' })
    expect(await made.generation()).toBe(1)
  })

  it('keeps it in use until nobody holds it, or a part of it', async () => {
    const made = another()
    const name = `callbacks-${fresh}`
    let part: ((by: number) => Promise<number>) | undefined = (await made.makeCounter()).up
    for (let i = 0; i < 5; i++) {
      collectGarbage()
      await turn()
    }
    expect(await part(7)).toBe(7)
    expect(inUse(name)).toBe(1)
    part = undefined
    await until(() => {
      collectGarbage()
      return inUse(name) === 0
    })
    expect(part).toBeUndefined()
  })

  it('can be passed on to another component', async () => {
    const add = await remote.makeAdder(100)
    expect(await another().callBack(add, 3)).toBe(303)
  })

  it('ends with its generation', async () => {
    const made = another()
    const name = `callbacks-${fresh}`
    const counter = await made.makeCounter()
    const pending = rejection(counter.never())
    await coordinator.unloadComponent(name, { deadline: 20 })
    expect(await pending).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', reason: 'terminated', outcome: 'unknown' })
    expect(await rejection(counter.up(1))).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', outcome: 'not-sent' })
    expect(await made.generation()).toBe(2)
    expect(inUse(name)).toBe(0)
  })

  it('with a call under way holds an unload until its deadline', async () => {
    const made = another()
    const name = `callbacks-${fresh}`
    const counter = await made.makeCounter()
    const answer = counter.upLater(4, 60)
    await coordinator.unloadComponent(name)
    expect(await answer).toBe(4)
  })
})

describe('an idle-only unload', () => {
  it('leaves a component alone whose callback is held', async () => {
    const made = another()
    const name = `callbacks-${fresh}`
    const counter = await made.makeCounter()
    expect(await coordinator.memory.freeMemory(1, {})).toMatchObject({
      unloaded: expect.not.arrayContaining([name]) as string[],
    })
    expect(await counter.up(1)).toBe(1)
  })
})

describe('a component that was given callbacks and has forgotten them', () => {
  it('is in use no longer, with nothing to do', async () => {
    const forgetful = coordinator.registerComponent<KitchenSink>(sink('forgetful'))
    for (let i = 0; i < 5; i++) {
      await forgetful.callBack(
        proxy((value: number) => value),
        1,
      )
    }
    expect(coordinator.info('forgetful').inUse).toBeGreaterThan(0)
    await expect.poll(() => coordinator.info('forgetful').inUse).toBe(0)
    expect(await coordinator.memory.freeMemory(1024 ** 2)).toMatchObject({ satisfied: true })
  })

  it('stays in use for one that it keeps', async () => {
    const keeping = coordinator.registerComponent<KitchenSink>(sink('keeping'))
    await keeping.keep(proxy(() => {}))
    await keeping.callBack(
      proxy((value: number) => value),
      1,
    )
    await expect.poll(() => coordinator.info('keeping').inUse).toBe(1)
  })
})
