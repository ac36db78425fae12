import { spawn, Thread, Worker } from 'threads'
import type { Start } from '../contenders/callee.ts'

export const threadsJs: Start = () => {
  // It takes paths that are relative to this file, and no absolute ones.
  const thread = spawn(new Worker('./threads-js-worker.js'))
  return {
    call: async (method, argument) => (await thread)[method]?.(argument),
    end: async () => Thread.terminate(await thread),
  }
}
