import { defineComponent } from '../../src/worker.ts'

/** What a component may be full of: V8's heap, few large or many small blocks of the allocator, or both. */
export const shapes = ['objects', 'typed arrays', '16 KB buffers', 'string map'] as const
export type Shape = (typeof shapes)[number]

export interface HolderConfig {
  readonly shape: Shape
  /** Roughly what to hold. */
  readonly bytes: number
}

const makers: Record<Shape, (bytes: number) => unknown> = {
  objects: (bytes) => Array.from({ length: bytes / 120 }, (_, id) => ({ id, price: id * 1.1, tags: [id, id + 1] })),
  'typed arrays': (bytes) =>
    Array.from({ length: 10 }, () => new Float64Array(bytes / 10 / Float64Array.BYTES_PER_ELEMENT).fill(1)),
  '16 KB buffers': (bytes) => Array.from({ length: bytes / 16_384 }, () => Buffer.alloc(16_384, 1)),
  'string map': (bytes) =>
    new Map(Array.from({ length: bytes / 450 }, (_, id) => [`key-${id}`, `${id} `.padEnd(64, String(id))])),
}

/** Holds `bytes` from its load to its end. */
export default defineComponent(({ shape, bytes }: HolderConfig) => {
  const held = makers[shape](bytes)
  return { isHolding: (): boolean => held !== undefined }
})
