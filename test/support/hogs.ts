import type { ComponentCoordinator, ComponentDefinition, MemoryOptions, Remote } from '../../src/index.ts'
import type hog from '../fixtures/hog.ts'
import type { HogConfig } from '../fixtures/hog.ts'
import { fixture, quietCoordinator, until } from './coordinator.ts'

export type Hog = Remote<typeof hog>

export const mib = 1024 ** 2
export const gib = 1024 ** 3

/**
 * A coordinator whose limit is so far beyond this process's own memory that only what components report counts: sizes of gigabytes, exact
 * and without allocating them.
 */
export function bigCoordinator(memory: Partial<MemoryOptions> = {}): ComponentCoordinator {
  return quietCoordinator({
    autoUnloadEnabled: true,
    spareWorkers: 0,
    memory: { totalLimit: 100 * gib, minIdleTime: 0, ...memory },
  })
}

/** A component that reports `size` bytes from its load on. */
export function registerHog(
  coordinator: ComponentCoordinator,
  name: string,
  size = 0,
  more: Partial<ComponentDefinition<HogConfig>> = {},
): Hog {
  return coordinator.registerComponent<typeof hog>({
    name,
    module: fixture('hog.ts'),
    memoryEstimate: Math.max(size, mib),
    ...more,
    config: { reported: size, ...more.config },
  })
}

/** Loads components of those sizes (GiB) side by side, and calls them one after the other: the first has been idle the longest. */
export async function loadHogs(
  coordinator: ComponentCoordinator,
  sizes: Readonly<Record<string, number>>,
  more: Partial<ComponentDefinition<HogConfig>> = {},
): Promise<Record<string, Hog>> {
  const remotes = Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => [name, registerHog(coordinator, name, size * gib, more)]),
  )
  await coordinator.preload(Object.keys(sizes))
  for (const [name, remote] of Object.entries(remotes)) {
    await remote.touch()
    // Where idle times are equal something else decides.
    await until(() => coordinator.info(name).idleTime >= 5)
  }
  await coordinator.memory.sample()
  return remotes
}

/** Crashes from now on, as `name: reason`. */
export function crashesOf(coordinator: ComponentCoordinator): string[] {
  const crashes: string[] = []
  coordinator.on('crash', ({ name, reason }) => crashes.push(`${name}: ${reason}`))
  return crashes
}

/** Names of the loaded components, in the order of registration. */
export function loaded(coordinator: ComponentCoordinator): string[] {
  return coordinator
    .list()
    .filter(({ state }) => state === 'ready')
    .map(({ name }) => name)
}
