import { parentPort } from 'node:worker_threads'

/**
 * A helper thread that asks the C library to give back the pages it keeps: `malloc_trim(0)` is process-wide and takes tens of
 * milliseconds, so it does not belong on the main thread. Tells whether it could.
 */
interface NodeFfi {
  dlopen(
    library: string,
    functions: { malloc_trim: { arguments: string[]; return: string } },
  ): { functions: { malloc_trim(pad: bigint): number } }
}
interface Koffi {
  load(library: string): { func(declaration: string): (pad: number) => number }
}

const library = 'libc.so.6'

async function trimWithNode(): Promise<void> {
  const name = 'node:ffi'
  const ffi = (await import(name)) as NodeFfi
  const { functions } = ffi.dlopen(library, { malloc_trim: { arguments: ['uint64'], return: 'int32' } })
  functions.malloc_trim(0n)
}

async function trimWithKoffi(): Promise<void> {
  const name = 'koffi'
  const { default: koffi } = (await import(name)) as { default: Koffi }
  koffi.load(library).func('int malloc_trim(size_t pad)')(0)
}

async function trim(): Promise<'node:ffi' | 'koffi' | undefined> {
  try {
    await trimWithNode()
    return 'node:ffi'
  } catch {
    // Node 24 has no node:ffi; musl has no libc.so.6.
  }
  try {
    await trimWithKoffi()
    return 'koffi'
  } catch {
    return undefined
  }
}

parentPort?.postMessage(await trim())
