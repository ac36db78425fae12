import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { inline, inlineContext } from '../../src/testing/index.ts'
import type { Inlined } from '../../src/testing/index.ts'
import { defineComponent } from '../../src/worker.ts'
import type * as wrapped from '../fixtures/wrapped.ts'
import tested from '../fixtures/tested.ts'

class Ledger {
  readonly #entries: number[]
  closed = false
  constructor({ entries }: { readonly entries: number[] }) {
    this.#entries = entries
  }
  total(): number {
    return this.#entries.reduce((sum, entry) => sum + entry, 0)
  }
  add(entry: number): this {
    this.#entries.push(entry)
    return this
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve()
    this.closed = true
  }
}

describe('inline', () => {
  it('is the API of what defineComponent returned, typed, in this thread', async () => {
    const inlined = await inline(tested, { start: 41 })
    expectTypeOf(inlined.next).toEqualTypeOf<() => number>()
    expect(inlined.next()).toBe(42)
    const values: number[] = []
    for await (const value of inlined.ticks()) {
      values.push(value)
      if (value === 2) break
    }
    expect(values).toEqual([0, 1, 2])
    await inlined[Symbol.asyncDispose]()
    await inlined[Symbol.asyncDispose]()
    expect(inlined.disposals()).toBe(1)
  })

  it('takes where the module is, and the whole of it', async () => {
    const url = new URL('../fixtures/tested.ts', import.meta.url)
    for (const made of [
      await inline<typeof tested>(url, { start: 1 }),
      await inline<typeof tested>(url.href, { start: 1 }),
      await inline(await import('../fixtures/tested.ts'), { start: 1 }),
    ]) {
      expectTypeOf(made.next).toEqualTypeOf<() => number>()
      expect(made.next()).toBe(2)
      await made[Symbol.asyncDispose]()
    }
    const quotes = await inline<typeof wrapped.QuoteService>(
      new URL('../fixtures/wrapped.ts', import.meta.url),
      { prefix: 'p' },
      { export: 'QuoteService' },
    )
    expect(quotes.quote('a')).toBe('inline/p:a')
    await expect(inline(url, {}, { export: 'nobody' })).rejects.toThrow('no export named "nobody"')
    await expect(inline('./not-there.ts')).rejects.toThrow('not-there')
  })

  it('takes a class, whose private fields stay its own, with a clone of the config', async () => {
    const entries = [1, 2]
    await using ledger = await inline(Ledger, { entries })
    expectTypeOf(ledger).toEqualTypeOf<Inlined<Ledger>>()
    expect(ledger.add(3).total()).toBe(6)
    expect(entries).toEqual([1, 2])
    expect(ledger).toBeInstanceOf(Ledger)
    const total = vi.spyOn(ledger, 'total').mockReturnValue(7)
    expect(ledger.total()).toBe(7)
    expect(total).toHaveBeenCalledOnce()
    const real = ledger.add(0)
    await ledger[Symbol.asyncDispose]()
    expect(real.closed).toBe(true)
  })

  it('takes a factory and an object of functions', async () => {
    const made = await inline(async (config: { readonly by: number }) => ({ times: (n: number) => n * config.by }), {
      by: 3,
    })
    expect(made.times(2)).toBe(6)
    const plain = Object.freeze({ nested: { deep: () => 'deep' }, up: (text: string) => text.toUpperCase() })
    await using object = await inline(plain)
    expect(object.up('a') + object.nested.deep()).toBe('Adeep')
    expect(plain).not.toHaveProperty([Symbol.asyncDispose as unknown as string])
  })

  it('gives it a context whose other side the test has', async () => {
    let seen: object = {}
    const component = defineComponent(async (config: { readonly rate: number }, context) => {
      const { name, generation, restored } = context
      seen = { name, generation, restored, again: (): unknown => context.restored }
      context.reportMemory('2mb')
      context.reportMemory('1mb', { source: 'pages' })
      const remove = context.onPressure(() => Promise.reject(new Error('removed')))
      remove()
      const trims: string[] = []
      context.onPressure((level) => void trims.push(level))
      context.exposeMetrics(() => [{ name: 'rate' }])
      const prices = context.dependencies['prices'] as { latest(): number }
      return {
        value: (): number => prices.latest() * config.rate,
        trims: (): string[] => trims,
        locked: async (): Promise<number> => {
          using lease = await context.locks.acquire('one')
          await context.locks.verify('one', lease.token)
          return lease.token
        },
      }
    })
    const inlined = await inline(
      component,
      { rate: 2 },
      { name: 'rates', restored: 'before', dependencies: { prices: { latest: () => 21 } } },
    )
    expect(seen).toMatchObject({ name: 'rates', generation: 1, restored: 'before' })
    expect((seen as { again(): unknown }).again()).toBeUndefined()
    expect(inlined.value()).toBe(42)
    const context = inlineContext(inlined)
    expect(context.reported).toBe(3 * 1024 ** 2)
    await context.pressure('high')
    expect(inlined.trims()).toEqual(['high'])
    expect(await context.metrics()).toEqual([{ name: 'rate' }])
    expect(await inlined.locked()).toBeGreaterThan(0)
    expect(context.signal.aborted).toBe(false)
    await inlined[Symbol.asyncDispose]()
    expect(context.signal.aborted).toBe(true)
  })

  it('takes the default of what was an ES module before it was compiled to CommonJS', async () => {
    const exports = Object.defineProperty({ default: () => ({ hello: () => 'compiled' }) }, '__esModule', {
      value: true,
    })
    const made = await inline(exports)
    expect(made.hello()).toBe('compiled')
  })

  it('is disposed of once, at once where its hook is, and returns itself where the component does', async () => {
    const told: string[] = []
    class Chained {
      readonly signal: AbortSignal
      constructor(_config: undefined, context: { readonly signal: AbortSignal }) {
        this.signal = context.signal
      }
      get self(): this {
        return this
      }
      next(): this {
        return this
      }
      async later(): Promise<this> {
        await Promise.resolve()
        return this
      }
      [Symbol.dispose](): void {
        told.push(`aborted: ${this.signal.aborted}`)
      }
    }
    let kept
    {
      using chained = await inline(Chained)
      expect(chained.next()).toBe(chained)
      expect(await chained.later()).toBe(chained)
      expect(chained.self).toBe(chained)
      kept = chained
    }
    expect(told).toEqual(['aborted: true'])
    kept[Symbol.dispose]()
    await kept[Symbol.asyncDispose]()
    expect(told).toHaveLength(1)
    const frozen = await inline(Object.freeze({ async [Symbol.asyncDispose]() {}, up: () => 'up' }))
    await frozen[Symbol.asyncDispose]()
    expect(frozen.up()).toBe('up')
  })

  it('clones the state that it is to restore', async () => {
    const restored = { tea: [1] }
    const component = defineComponent((_config: undefined, context) => {
      const state = context.restored as typeof restored
      state.tea.push(2)
      return { tea: () => state.tea }
    })
    const inlined = await inline(component, undefined, { restored })
    expect(inlined.tea()).toEqual([1, 2])
    expect(restored).toEqual({ tea: [1] })
    await expect(inline(tested, {}, { restored: () => 1 })).rejects.toMatchObject({ option: 'restored' })
  })

  it.each(['logger', 'dependencies', 'locks', 'name', 'export'])('refuses null for %s', async (option) => {
    await expect(inline(tested, {}, { [option]: null })).rejects.toMatchObject({ option })
  })

  it('has configs of the right type only', () => {
    const calls = [
      // @ts-expect-error the start is a number
      async () => inline(tested, { start: 'now' }),
      // @ts-expect-error it cannot do without
      async () => inline(Ledger),
      // @ts-expect-error so are the entries
      async () => inline(Ledger, { entries: ['a'] }),
    ]
    expect(calls).toHaveLength(3)
  })

  it('refuses what is no component, and says what the component itself does', async () => {
    await expect(inline(7 as unknown as object)).rejects.toMatchObject({ option: 'module' })
    await expect(inline(() => 7)).rejects.toThrow('the module gave number')
    await expect(inline(tested, {}, { nam: 'a' } as object)).rejects.toMatchObject({ option: 'nam' })
    await expect(inline(tested, { start: (() => 1) as unknown as number })).rejects.toMatchObject({ option: 'config' })
    const failing = defineComponent(() => {
      throw new RangeError('too far')
    })
    await expect(inline(failing)).rejects.toThrow(RangeError)
    expect(() => inlineContext({})).toThrow(expect.objectContaining({ option: 'inlined' }) as Error)
  })
})
