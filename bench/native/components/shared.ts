import { defineComponent } from '../../../src/worker.ts'
import type { Hoard } from './hoard.ts'

/** SharedArrayBuffers, filled. */
export default defineComponent((): Hoard => {
  const held: Uint8Array[] = []
  return {
    async hold(mib) {
      held.push(new Uint8Array(new SharedArrayBuffer(mib * 1024 ** 2)).fill(1))
    },
  }
})
