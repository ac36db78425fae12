import { BlockList } from 'node:net'
import { describe, expect, test } from 'vitest'
import { restoreSnapshot, takeSnapshot } from '../../../src/host/state-snapshot.ts'

const kept = async (state: unknown): Promise<unknown> => {
  const bytes = await takeSnapshot({ snapshot: () => state })
  return bytes && restoreSnapshot(bytes)
}

/** The library that the sources are compiled for has it only with the web's. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: { readonly Module: new (bytes: Uint8Array) => object }
}

function outside(): Uint8Array {
  const buffer = new ArrayBuffer(8, { maxByteLength: 8 })
  const view = new Uint8Array(buffer, 4, 2)
  buffer.resize(2)
  return view
}

class Address extends URL {}

describe('a snapshot', () => {
  test.each<readonly [string, () => unknown]>([
    ['A Blob', () => new Blob(['x'])],
    ['A File', () => new File(['x'], 'name')],
    ['A URL', () => new URL('http://localhost/')],
    ['An Address', () => new Address('http://localhost/')],
    ['A URLSearchParams', () => new URLSearchParams('a=b')],
    ['A Headers', () => new Headers({ a: 'b' })],
    ['A FormData', () => new FormData()],
    ['A Request', () => new Request('http://localhost/')],
    ['A Response', () => new Response('x')],
    ['An AbortSignal', () => new AbortController().signal],
    ['A DOMException', () => new DOMException('enough', 'AbortError')],
    ['A ReadableStream', () => new ReadableStream()],
    ['A WritableStream', () => new WritableStream()],
    ['A TransformStream', () => new TransformStream()],
    ['A Module', () => new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))],
    ['A BlockList', () => new BlockList()],
    ['A MessageEvent', () => new MessageEvent('message')],
    ['A Uint8Array that lies outside of its buffer', outside],
  ])('is not taken of what would be empty when it is restored: %s', async (what, make) => {
    for (const state of [make(), { deep: [new Map([['k', make()]])] }, new Error('why', { cause: make() })]) {
      await expect(takeSnapshot({ snapshot: () => state })).rejects.toThrow(`${what} cannot be kept`)
    }
  })

  test('gives back all else as it was', async () => {
    class Point {
      readonly x = 1
    }
    const buffer = new ArrayBuffer(2, { maxByteLength: 4 })
    const state: Record<string, unknown> = {
      map: new Map([[{ a: 1 }, new Set([1n])]]),
      date: new Date(0),
      error: new RangeError('r'),
      bytes: Buffer.from('bytes'),
      empty: [new Uint8Array(), new Uint8Array(buffer, 2), new DataView(buffer, 2)],
    }
    state['self'] = state
    expect(await kept(state)).toEqual(state)
    expect(await kept(new Point())).toEqual({ x: 1 })
    expect(await kept(undefined)).toBeUndefined()
  })
})
