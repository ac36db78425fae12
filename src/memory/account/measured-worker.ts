import type { Supervisor } from '../../component/supervisor.ts'
import type { Generation } from '../../host/generation.ts'
import type { MeasuredTarget } from '../measure/measurement.ts'
import type { ComponentAccount } from './component-account.ts'

interface Needs {
  /** ms of the monotonic clock. */
  readonly now: () => number
  /** It has been measured to hold more than its own limit allows. */
  readonly onOverrun: (supervisor: Supervisor) => void
}

/** A component's worker as something to measure, whose figures go to its account. */
export function measuredWorker(
  supervisor: Supervisor,
  generation: Generation,
  account: ComponentAccount,
  { now, onOverrun }: Needs,
): MeasuredTarget {
  return {
    worker: generation.host,
    answered: (memory, asked) => {
      // An answer that comes after the generation is over says nothing about the next one.
      if (supervisor.generation !== generation) return
      // It was true when the worker was asked, however late it is read here: growth is measured from then on.
      account.measured(memory, generation.activity, asked, asked)
      if (isOver(supervisor, account)) onOverrun(supervisor)
    },
    late: () => account.late(generation.activity),
    unchanged: () => account.unchanged(generation.activity, now(), now()),
  }
}

/** It holds more than its own limit allows. */
export const isOver = ({ definition }: Supervisor, { limited }: ComponentAccount): boolean =>
  limited > (definition.memoryLimit ?? Number.POSITIVE_INFINITY)

/** It was loaded, called or in use since then (ms of the monotonic clock). */
export const hasWorked = ({ state, inUse, generation }: Supervisor, since: number): boolean =>
  state.status === 'loading' || inUse > 0 || (generation?.activity.lastAccess ?? 0) > since
