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

async function trim(): Promise<void> {
  parentPort?.postMessage(await isTrimmed())
}

async function isTrimmed(): Promise<boolean> {
  const name = 'node:ffi'
  try {
    const ffi = (await import(name)) as NodeFfi
    const signature = { arguments: ['uint64'], return: 'int32' }
    ffi.dlopen('libc.so.6', { malloc_trim: signature }).functions.malloc_trim(0n)
    return true
  } catch {
    // Early versions of Node 26 want a flag for it; musl has no libc.so.6.
    return false
  }
}

void trim()
