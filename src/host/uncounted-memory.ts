import { watchSharedBuffers } from './shared-buffers.ts'
import { watchWasmMemory } from './wasm-memory.ts'

/**
 * Tells how much this thread's code holds by JavaScript's own means that V8 counts in no isolate: SharedArrayBuffers, and WebAssembly memories where
 * it does not count them as external.
 *
 * @param report gets the bytes of all together, whenever they change.
 */
export function watchUncountedMemory(report: (bytes: number) => void): void {
  const held = { wasm: 0, shared: 0 }
  const tell = (): void => report(held.wasm + held.shared)
  watchWasmMemory((bytes) => {
    held.wasm = bytes
    tell()
  })
  watchSharedBuffers((bytes) => {
    held.shared = bytes
    tell()
  })
}
