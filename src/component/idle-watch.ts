import type { PolicyClock } from '../base/policy-clock.ts'
import { idleDecision } from './due-decision.ts'
import { DueWatch } from './due-watch.ts'
import type { Supervisor } from './supervisor.ts'

/** ms until a component that could not be unloaded is tried again, at least: what kept it does not go within milliseconds. Guessed. */
const tryAgain = 1_000

export interface IdleWatchOptions {
  readonly clock: PolicyClock
  readonly supervisors: () => Iterable<Supervisor>
  /** True while something loaded needs it. */
  readonly isNeeded: (supervisor: Supervisor) => boolean
}

/**
 * Unloads components, copy by copy, that have been idle for as long as their `idleTimeout` says, whatever the pressure. To be poked when a component was
 * loaded, or something that needed one is gone.
 */
export function watchIdle({ clock, supervisors, isNeeded }: IdleWatchOptions): DueWatch {
  const watch = new DueWatch({
    clock,
    copies: supervisors,
    dueIn: (supervisor) => {
      const { definition, state, idleTime } = supervisor
      const { idleTimeout, pinned } = definition
      // One that is retired goes as soon as nobody uses it, whatever the time.
      if (idleTimeout === undefined || pinned || supervisor.isRetired) return Number.POSITIVE_INFINITY
      // It may be called off, of which nobody tells.
      if (state.status === 'draining') return tryAgain
      // In use, it becomes idle at a moment that nobody tells: no earlier than now.
      return state.status === 'ready' ? idleTimeout - idleTime : Number.POSITIVE_INFINITY
    },
    act: (supervisor) => {
      if (!isNeeded(supervisor) && !supervisor.hasToStay) unload(supervisor)
      watch.tried(supervisor, tryAgain)
      return tryAgain
    },
  })
  return watch
}

function unload(supervisor: Supervisor): void {
  // Undefined: it got in use. A state that cannot be kept was logged, and keeps the component.
  supervisor.unload('idle', 0, true, idleDecision(supervisor)).catch(() => {})
}
