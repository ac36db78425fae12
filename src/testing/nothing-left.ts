import { AssertionError } from 'node:assert'
import { InvalidOptionsError } from '../contract/errors.ts'
import { expectNumber, expectOptional, expectOptions, orDefault } from '../base/option-checks.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { sleep } from '../base/timers.ts'
import { heldLeases } from '../component/leftover-lease.ts'
import { isLoaded } from '../component/lifecycle.ts'
import { snapshotsKept } from '../component/snapshot-folder.ts'
import type { Component } from '../component/component.ts'
import { ComponentCoordinator } from '../coordinator.ts'
import { expectCoordinator } from './expect-coordinator.ts'
import { liveCoordinators } from '../observability/live-coordinators.ts'
import type { LiveCoordinator } from '../observability/live-coordinators.ts'

export interface NothingLeftOptions {
  /** Components may be loaded, and idle: for a coordinator that later tests go on with. Default false. */
  readonly mayBeLoaded?: boolean
  /** ms of real time in which what is just ending may end. Default 1,000. */
  readonly within?: number
}

const lookEvery = 10

/**
 * Asserts that tests have left nothing: without a coordinator, that all of this process are shut down, and snapshots gone from the disk; with one, that nothing is
 * loaded in it or in use, be it shut down or not.
 *
 * @throws AssertionError that names what was left: coordinators and where they were made, loaded components, calls in flight and open streams, leases and where
 * they were taken, locks, workers and processes that have not died, snapshots. InvalidOptionsError
 */
export async function expectNothingLeft(
  coordinator?: ComponentCoordinator,
  options: NothingLeftOptions = {},
): Promise<void> {
  expectOptional(coordinator, expectCoordinator)
  const { mayBeLoaded = false, within } = expectOptions(options, ['mayBeLoaded', 'within'])
  if (typeof mayBeLoaded !== 'boolean') throw new InvalidOptionsError('mayBeLoaded', 'true or false', mayBeLoaded)
  const end = monotonicNow() + expectNumber('within', orDefault(within, 1_000), { min: 0 })
  for (;;) {
    const left = coordinator ? leftIn(coordinator, mayBeLoaded) : leftInProcess()
    if (left.length === 0) return
    if (monotonicNow() >= end) {
      found()
      throw new AssertionError({ message: `left over:\n${left.map(listed).join('\n')}` })
    }
    await sleep(lookEvery)
  }
}

const listed = (line: string): string => `- ${line}`

let found = (): void => {}

/** @param listener is told whenever something is found to be left. */
export function whenLeft(listener: () => void): void {
  found = listener
}

function leftInProcess(): string[] {
  const left = Array.from(liveCoordinators()).flatMap((live) => leftOfCoordinator(live))
  return [...left, ...snapshotsKept().map((path) => `a snapshot on the disk: ${path}`)]
}

/** Nothing, where it is shut down, and what it left behind has died since. */
function leftOfCoordinator({ coordinator, madeAt }: LiveCoordinator): string[] {
  // One of another copy of this package says nothing of what is in it.
  const isOurs = coordinator instanceof ComponentCoordinator
  const inside = isOurs ? leftIn(coordinator, false) : []
  const isShutDown = isOurs && coordinator.isShutdown
  if (isShutDown && inside.length === 0) return []
  const how = isShutDown ? 'is being shut down, or left workers behind' : 'is not shut down'
  return [`a coordinator that ${how}, made at ${madeAt}`, ...inside.map((line) => `  ${line}`)]
}

function leftIn(coordinator: ComponentCoordinator, mayBeLoaded: boolean): string[] {
  const { registry, keepAlive } = coordinator.parts
  const left: string[] = []
  for (const component of registry.components) left.push(...leftOf(component, mayBeLoaded))
  for (const lease of heldLeases()) {
    if (lease.keepAlive === keepAlive) left.push(`a lease of "${lease.component}", taken at ${lease.takenAt}`)
  }
  for (const { name, holders } of coordinator.locks.list()) {
    if (holders.length > 0) left.push(`the lock "${name}", held by ${holders.map(({ owner }) => owner).join(', ')}`)
  }
  return left
}

function leftOf({ name, copies, main }: Component, mayBeLoaded: boolean): string[] {
  const left: string[] = []
  const { waiting, underWay } = main.caller
  if (underWay > 0)
    left.push(`"${name}": ${counted(underWay, 'call in flight, or open stream', 'calls in flight and open streams')}`)
  if (waiting > 0) left.push(`"${name}": ${counted(waiting, 'call that waits', 'calls that wait')}`)
  for (const copy of copies) {
    const { state, generation, zombies } = copy
    if (isLoaded(state) && !mayBeLoaded) {
      const where = generation?.host.isolation === 'process' ? `process ${generation.host.pid}` : 'a thread'
      left.push(`"${copy.name}": ${state.status}, in ${where}`)
    }
    for (const host of zombies) left.push(`"${copy.name}": a ${host.isolation} that has not died (${host.id})`)
  }
  return left
}

const counted = (count: number, one: string, several: string): string => `${count} ${count === 1 ? one : several}`
