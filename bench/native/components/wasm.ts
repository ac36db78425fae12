import { defineComponent } from '../../../src/worker.ts'
import type { Hoard } from './hoard.ts'

/** Memories of WebAssembly, filled. */
export default defineComponent((): Hoard => {
  // Node's types do not have this global.
  const { WebAssembly: wasm } = globalThis as unknown as {
    WebAssembly: { Memory: new (descriptor: { initial: number }) => { buffer: ArrayBuffer } }
  }
  const held: object[] = []
  return {
    async hold(mib) {
      const memory = new wasm.Memory({ initial: mib * 16 })
      new Uint8Array(memory.buffer).fill(1)
      held.push(memory)
    },
  }
})
