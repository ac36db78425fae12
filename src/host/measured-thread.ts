import type { Worker } from 'node:worker_threads'
import type { MeasuredWorker } from './component-host.ts'
import { memoryOf } from './worker-memory.ts'

/** A thread as it is measured from outside: by what V8 tells of its isolate, and Node of its event loop. */
export function measuredThread(thread: Worker): MeasuredWorker {
  return {
    activeTime: () => thread.performance.eventLoopUtilization().active,
    memory: async () => memoryOf(await thread.getHeapStatistics()),
    processorTime: async () => {
      const { user, system } = await thread.cpuUsage()
      return user + system
    },
  }
}
