import { spawn, Thread, Worker } from 'threads'
import { resourceLimits } from '../../conformance/library.ts'
import type { Open } from '../../conformance/library.ts'

export const threadsJs: Open = async (options) => {
  // It takes paths that are relative to this file, and no absolute ones.
  const thread = await spawn(new Worker('./threads-js-worker.js', resourceLimits(options)))
  return {
    call: async (method, argument) => thread[method]?.(argument),
    end: () => Thread.terminate(thread),
  }
}
