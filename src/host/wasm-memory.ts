import { types } from 'node:util'
import { keepContext } from '../base/context.ts'
import { constructing } from './constructing.ts'
import { setInterval, clearInterval } from '../base/timers.ts'

/** ms between two looks at memories that may have grown from inside. */
const interval = 100

/** A sweep spoils one; 60 of 60 that were made to were found out by the second. */
const tries = 8

interface Memory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer
  grow(pages: number): number
}
interface Instance {
  readonly exports: Readonly<Record<string, unknown>>
}
/** What is used of the global of that name; Node's own types do not have it. */
interface WebAssemblyGlobal {
  Memory: new (...args: never) => Memory
  Instance: new (...args: never) => Instance
  instantiate: (...args: unknown[]) => Promise<unknown>
  instantiateStreaming?: (...args: unknown[]) => Promise<unknown>
}

/** A memory that lives, as far as is known. */
interface Entry {
  readonly memory: WeakRef<Memory>
  bytes: number
}

/**
 * Tells how much this thread's WebAssembly memories hold, whenever that changes, on a Node whose V8 does not count them as external memory (26
 * does not, 24 does; there this does nothing). Memories are found where JavaScript makes them, grows them or gets them as exports; one that
 * WebAssembly code grows by itself is noticed within 100 ms, or when the call that does so returns; one that never leaves its instance is not.
 *
 * @param report gets the bytes of all memories together.
 */
export function watchWasmMemory(report: (bytes: number) => void): void {
  const wasm = (globalThis as { WebAssembly?: WebAssemblyGlobal }).WebAssembly
  // Where it is frozen (--frozen-intrinsics) it cannot be watched.
  if (wasm && !Object.isFrozen(wasm)) new WasmWatch(wasm, report).install()
}

class WasmWatch {
  readonly #wasm: WebAssemblyGlobal
  readonly #report: (bytes: number) => void
  readonly #inContext = keepContext()
  readonly #entries = new Set<Entry>()
  readonly #known = new WeakMap<Memory, Entry>()
  readonly #gone = new FinalizationRegistry<Entry>((entry) => {
    this.#entries.delete(entry)
    this.#tell()
  })
  readonly #pageIsCounted: () => boolean
  #needed: boolean | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(wasm: WebAssemblyGlobal, report: (bytes: number) => void) {
    this.#wasm = wasm
    this.#report = report
    const { Memory } = wasm
    this.#pageIsCounted = () => countsAsExternal(Memory)
  }

  install(): void {
    const wasm = this.#wasm
    const { Memory, Instance, instantiate, instantiateStreaming } = wasm
    const note = (memory: Memory): void => this.#note(memory)
    const noteExports = (instance: Instance): void => {
      for (const value of Object.values(instance.exports)) if (value instanceof Memory) note(value)
    }
    const noteResult = async (result: Promise<unknown>): Promise<unknown> => {
      const made = await result
      // An instance, or an object that has one, depending on what it was made from.
      const instance = typeof made === 'object' && made !== null && 'instance' in made ? made.instance : made
      if (instance instanceof Instance) noteExports(instance)
      return made
    }
    wasm.Memory = constructing(Memory, note)
    wasm.Instance = constructing(Instance, noteExports)
    wasm.instantiate = async (...args) => noteResult(Reflect.apply(instantiate, wasm, args))
    if (instantiateStreaming) {
      wasm.instantiateStreaming = async (...args) => noteResult(Reflect.apply(instantiateStreaming, wasm, args))
    }
    const grow = Reflect.get(Memory.prototype, 'grow')
    const known = this.#known
    Memory.prototype.grow = function (this: Memory, pages: number): number {
      const before: number = Reflect.apply(grow, this, [pages])
      // A shared one of another thread that has grown here is still that one's.
      if (!isShared(this) || known.has(this)) note(this)
      return before
    }
  }

  #note(memory: Memory): void {
    // Found out on first use: a component without WebAssembly pays nothing. A shared one is counted nowhere.
    this.#needed ??= !this.#pageIsCounted()
    if (!this.#needed && !isShared(memory)) return
    let entry = this.#known.get(memory)
    if (!entry) {
      entry = { memory: new WeakRef(memory), bytes: 0 }
      this.#known.set(memory, entry)
      this.#entries.add(entry)
      this.#gone.register(memory, entry)
    }
    entry.bytes = memory.buffer.byteLength
    this.#tell()
    this.#timer ??= this.#inContext(() => setInterval(() => this.#look(), interval).unref())
  }

  #look(): void {
    for (const entry of this.#entries) entry.bytes = entry.memory.deref()?.buffer.byteLength ?? entry.bytes
    this.#tell()
  }

  #tell(): void {
    let sum = 0
    for (const { bytes } of this.#entries) sum += bytes
    this.#report(sum)
    if (this.#entries.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

const isShared = ({ buffer }: Memory): boolean => types.isSharedArrayBuffer(buffer)

/**
 * True when V8 counts a WebAssembly memory as external. That it does shows once and for certain; that it does not, only after some tries: an
 * allocation also takes in what a sweep has freed since, which can be more than the page (docs/facts.md).
 */
export function countsAsExternal(Memory: WebAssemblyGlobal['Memory']): boolean {
  const { getHeapStatistics } = process.getBuiltinModule('node:v8')
  for (let attempt = 0; attempt < tries; attempt++) {
    const before = getHeapStatistics().external_memory
    const page = Reflect.construct(Memory, [{ initial: 1 }])
    if (getHeapStatistics().external_memory - before >= page.buffer.byteLength) return true
  }
  return false
}
