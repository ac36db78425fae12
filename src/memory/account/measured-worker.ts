import type { Supervisor } from '../../component/supervisor.ts'
import type { Generation } from '../../host/generation.ts'
import type { MeasuredTarget } from '../measure/measurement.ts'
import type { WorkerMemory } from '../../host/worker-memory.ts'
import type { ComponentAccount } from './component-account.ts'

interface Needs {
  /** ms of the monotonic clock. */
  readonly now: () => number
  /** It has been measured to hold more than its own limit allows. */
  readonly onOverrun: (supervisor: Supervisor) => void
  /** There are new figures of it. */
  readonly onMeasured: (supervisor: Supervisor) => void
  /** Bytes that it may take before it passes a limit, by what was added up at the last look. */
  readonly room: () => number
}

/** A component's worker as something to measure, whose figures go to its account. */
export function measuredWorker(
  supervisor: Supervisor,
  generation: Generation,
  account: ComponentAccount,
  { now, onOverrun, onMeasured, room }: Needs,
): MeasuredTarget {
  let latest = Number.NEGATIVE_INFINITY
  /** It was true at that time, however late it is read here: growth is measured from then on. */
  const measured = (memory: WorkerMemory, at: number): void => {
    // An answer that comes after the generation is over says nothing about the next one, nor does an old one about what has been told since.
    if (supervisor.generation !== generation || at < latest) return
    latest = at
    account.measured(memory, generation.activity, at, at)
    if (isOver(supervisor, account)) onOverrun(supervisor)
    onMeasured(supervisor)
  }
  return {
    worker: generation.host,
    get room() {
      return room()
    },
    told: ({ memory, at }) => measured(memory, at),
    answered: measured,
    late: () => account.late(generation.activity),
    unchanged: () => account.unchanged(generation.activity, now(), now()),
  }
}

/** Bytes that it may take before it passes its own limit; less than 0 where it has. */
export const roomOf = ({ definition }: Supervisor, { limited }: ComponentAccount): number =>
  (definition.memoryLimit ?? Number.POSITIVE_INFINITY) - limited

/** It holds more than its own limit allows. */
export const isOver = (supervisor: Supervisor, account: ComponentAccount): boolean => roomOf(supervisor, account) < 0

/** It was loaded, called or in use since then (ms of the monotonic clock). */
export const hasWorked = ({ state, inUse, generation }: Supervisor, since: number): boolean =>
  state.status === 'loading' || inUse > 0 || (generation?.activity.lastAccess ?? 0) > since
