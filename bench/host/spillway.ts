import { ComponentCoordinator } from 'spillway'
import type { Method, Start } from './contender.ts'
import type work from './work.js'

/** The compiled package, as its users run it. No spare worker: it would make what is measured here faster, and what is idle larger. */
export function spillway(isolation: 'thread' | 'process'): Start {
  let coordinator: ComponentCoordinator | undefined
  let count = 0
  return () => {
    // A program has one, made when it starts.
    coordinator ??= new ComponentCoordinator({ spareWorkers: 0 })
    const name = `work-${++count}`
    const remote = coordinator.registerComponent<typeof work>({
      name,
      module: new URL('work.js', import.meta.url),
      ...(isolation === 'process' && { isolation }),
    })
    // Called by name, as everybody here is; the types of what is called are not what is measured.
    const methods = remote as unknown as Readonly<Record<Method, (argument: unknown) => Promise<unknown>>>
    const unload = coordinator.unloadComponent.bind(coordinator, name)
    return { call: (method, argument) => methods[method](argument), end: unload }
  }
}
