import { Piscina } from 'piscina'
import { resourceLimits } from '../../conformance/library.ts'
import type { Open } from '../../conformance/library.ts'

export const piscina: Open = (options) => {
  const filename = new URL('../../conformance/misbehave.js', import.meta.url).href
  const pool = new Piscina({ filename, maxThreads: 1, ...resourceLimits(options) })
  return {
    call: (name, argument) => pool.run(argument, { name }),
    callWithin: (name, timeout) => pool.run(undefined, { name, signal: AbortSignal.timeout(timeout) }),
    end: () => pool.destroy(),
  }
}
