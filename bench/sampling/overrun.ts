import { isComponentCrashedError } from 'spillway'
import type { ComponentCoordinator } from 'spillway'
import type component from './component.js'

/** Bytes beyond what it begins with. */
const room = 48 * 1024 ** 2
let count = 0

export interface Overrun {
  /** ms from the moment it was larger than its limit to its end, as callers learn of it. */
  readonly delay: number
  /** The most it had, in % beyond its limit. */
  readonly over: number
}

/** A component grows past its limit, by some 100 MiB/s at most. */
export async function overrun(
  coordinator: ComponentCoordinator,
  kind: 'objects' | 'arrays' | 'buffers',
): Promise<Overrun> {
  const name = `grows-${++count}`
  const memoryLimit = room + 12 * 1024 ** 2
  const remote = coordinator.registerComponent<typeof component>({
    name,
    module: new URL('component.js', import.meta.url),
    memoryLimit,
  })
  const shared = new Float64Array(new SharedArrayBuffer(24))
  const error = await remote.grow(kind, memoryLimit, shared).catch((reason: unknown) => reason)
  const ended = performance.timeOrigin + performance.now()
  const [size = 0, crossed = 0] = shared
  if (!isComponentCrashedError(error) || error.reason !== 'memory-limit') throw error
  await coordinator.unregisterComponent(name)
  // Never, as far as it could tell itself: what counts against it includes what it does not see.
  return { delay: crossed === 0 ? 0 : ended - crossed, over: Math.max(0, (size / memoryLimit - 1) * 100) }
}
