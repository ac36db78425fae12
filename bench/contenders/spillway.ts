import { ComponentCoordinator, withCallOptions } from 'spillway'
import type { Method, Start } from './callee.ts'
import type work from './work.js'

type Methods = Readonly<Record<Method, (argument: unknown) => Promise<unknown>>>

/** The compiled package, as its users run it. No spare worker: it would make what is measured here faster, and what is idle larger. */
export function spillway(isolation: 'thread' | 'process'): Start {
  let coordinator: ComponentCoordinator | undefined
  let count = 0
  return () => {
    // A program has one, made when it starts. Hundreds of components are more than the limit that it has by itself.
    coordinator ??= new ComponentCoordinator({ spareWorkers: 0, memory: { totalLimit: '16gb' } })
    const name = `work-${++count}`
    const remote = coordinator.registerComponent<typeof work>({
      name,
      module: new URL('work.js', import.meta.url),
      ...(isolation === 'process' && { isolation }),
    })
    // Called by name, as everybody here is; the types of what is called are not what is measured.
    const methods = remote as unknown as Methods
    return {
      call: (method, argument) => methods[method](argument),
      callWithin: (method, argument, limits) => withCallOptions(methods, limits)[method](argument),
      end: coordinator.unloadComponent.bind(coordinator, name),
    }
  }
}
