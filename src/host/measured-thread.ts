import type { Worker } from 'node:worker_threads'
import type { MeasuredWorker } from './component-host.ts'
import type { ToldMemory } from './told-memory.ts'
import { memoryOf } from './worker-memory.ts'

/** A thread as it is measured: by what V8 tells of its isolate, Node of its event loop, and its worker itself. */
export function measuredThread(thread: Worker, toldMemory?: ToldMemory): MeasuredWorker {
  return {
    told: (after) => toldMemory?.read(after),
    activeTime: () => thread.performance.eventLoopUtilization().active,
    memory: async () => memoryOf(await thread.getHeapStatistics()),
    processorTime: async () => {
      const { user, system } = await thread.cpuUsage()
      return user + system
    },
  }
}
