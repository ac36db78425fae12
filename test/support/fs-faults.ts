import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { onTestFinished } from 'vitest'

type Method = 'mkdir' | 'readFile' | 'rename' | 'rm' | 'writeFile'

export interface HangingDisk {
  /** Operations begun since it hangs. */
  readonly begun: () => number
  /** It answers again, also to what was asked meanwhile. */
  readonly release: () => void
}

/** From now on these operations on what is in `directory` do not come back, as on a disk that hangs, until it is released or the test is over. */
export function hangDisk(directory: string, methods: readonly Method[]): HangingDisk {
  const released = Promise.withResolvers<void>()
  const methodsOf = fs as unknown as Record<Method, (...args: unknown[]) => Promise<unknown>>
  let begun = 0
  const originals = methods.map((method) => {
    const original = methodsOf[method]
    methodsOf[method] = async (...args) => {
      if (typeof args[0] === 'string' && args[0].startsWith(directory)) {
        begun++
        await released.promise
      }
      return original(...args)
    }
    return [method, original] as const
  })
  syncBuiltinESMExports()
  const release = (): void => {
    for (const [method, original] of originals) methodsOf[method] = original
    syncBuiltinESMExports()
    released.resolve()
  }
  onTestFinished(release)
  return { begun: () => begun, release }
}
