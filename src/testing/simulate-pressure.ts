import { withDeadline } from '../base/deadline.ts'
import { expectOneOf } from '../base/option-checks.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'
import type { UnloadReport } from '../contract/unload-report.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import { CoordinatorShutdownError } from '../contract/errors.ts'
import { levels } from '../memory/decide/pressure.ts'
import { expectCoordinator } from './expect-coordinator.ts'

/** Pressure that is held at a level until this is disposed of, or another one begins. */
export interface SimulatedPressure extends Disposable, AsyncDisposable {
  readonly level: PressureLevel
  /** Reports of what it has unloaded so far, in the order in which they went. */
  readonly unloaded: readonly UnloadReport[]
}

/** ms; where something keeps on changing (a load that waits for memory), nobody waits for the end of that. */
const patience = 5_000
const current = new WeakMap<ComponentCoordinator, Disposable>()

/**
 * Holds a coordinator's memory pressure at a level: from now on it decides as if so much were used as it takes to be there, and does what it decides.
 * Components are asked to trim, spare workers go, idle components are unloaded by the policy, with the floors, caps and exceptions of that level (at medium
 * and high `minIdleTime` and the price of a reload keep what is worth it; at critical all that is idle goes), loads find as little room as then, and events
 * say so. 'low' ends it, as disposing does; the level is then what usage says, at once.
 *
 * @returns resolves when what comes of it by now is done. More goes as it becomes idle, or old enough on the coordinator's `clock`.
 * @throws InvalidOptionsError, CoordinatorShutdownError
 */
export async function simulatePressure(
  coordinator: ComponentCoordinator,
  level: PressureLevel,
): Promise<SimulatedPressure> {
  expectCoordinator(coordinator)
  expectOneOf('level', level, levels)
  if (coordinator.isShutdown) throw new CoordinatorShutdownError()
  current.get(coordinator)?.[Symbol.dispose]()
  const unloaded: UnloadReport[] = []
  const note = (report: UnloadReport): void => void (report.reason === 'pressure' && unloaded.push(report))
  coordinator.on('unload', note)
  const end = async (): Promise<void> => {
    coordinator.off('unload', note)
    if (current.get(coordinator) !== pressure) return
    current.delete(coordinator)
    await held(coordinator, 'low')
  }
  const pressure = { level, unloaded, [Symbol.dispose]: () => void end(), [Symbol.asyncDispose]: end }
  if (level === 'low') coordinator.off('unload', note)
  else current.set(coordinator, pressure)
  await held(coordinator, level)
  return pressure
}

async function held({ memory }: ComponentCoordinator, level: PressureLevel): Promise<void> {
  await withDeadline(memory.hold(level), patience)
}
