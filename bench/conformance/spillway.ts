import { ComponentCoordinator, withCallOptions } from 'spillway'
import type { Method, Open } from './library.ts'

type Methods = Readonly<Record<Method, (argument: unknown) => Promise<unknown>>>

/** The compiled package, as its users run it. */
export const spillway =
  (isolation: 'thread' | 'process'): Open =>
  ({ limit }) => {
    const coordinator = new ComponentCoordinator({ spareWorkers: 0 })
    const remote = coordinator.registerComponent({
      name: 'misbehaves',
      module: new URL('misbehave.js', import.meta.url),
      isolation,
      ...(limit !== undefined && { memoryLimit: `${limit}mib` }),
    })
    // Called by name, as everybody here is.
    const methods = remote as unknown as Methods
    return {
      call: (method, argument) => methods[method](argument),
      callWithin: (method, timeout) => withCallOptions(methods, { timeout })[method](undefined),
      // Calls under way are given no time.
      end: () => coordinator.unloadComponent('misbehaves', { deadline: 0 }),
    }
  }
