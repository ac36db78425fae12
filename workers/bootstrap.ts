import type { MessagePort } from 'node:worker_threads'
import { guardAddonLoads } from '../src/host/addon-gate.ts'
import type { AddonGate } from '../src/host/addon-gate.ts'
import { ComponentRuntime } from '../src/host/component-runtime.ts'
import type { FromWorkerMessage, ToWorkerMessage } from '../src/host/control.ts'

/**
 * What every component's worker starts with: one task that lasts as long as the worker. Until `init` comes it is a spare.
 */
export default async function run({ control, addons }: { control: MessagePort; addons: AddonGate }): Promise<never> {
  guardAddonLoads(addons)
  let runtime: ComponentRuntime | undefined
  control.on('message', (message: ToWorkerMessage) => {
    if (message.type === 'init') {
      runtime = new ComponentRuntime(control, message)
      void runtime.load()
    } else runtime?.receive(message)
  })
  control.on('messageerror', (cause: Error) => {
    // Of what the main thread says only `init` has anything in it that could be nested too deep for this thread's stack.
    if (!runtime) control.postMessage({ type: 'init-unreadable', why: cause.message } satisfies FromWorkerMessage)
  })
  control.postMessage({ type: 'online' } satisfies FromWorkerMessage)
  return new Promise<never>(() => {})
}

// Piscina tries require() first, and Node 26.10 aborts the whole process when a worker is ended just as the require() of an ES module comes to its end
// ("Assertion failed: facade->InstantiateModule"). A module that awaits cannot be required, so Piscina imports it.
await Promise.resolve()
