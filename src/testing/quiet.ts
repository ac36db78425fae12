import { withDeadline } from '../base/deadline.ts'
import { sleep } from '../base/timers.ts'
import { isChanging } from '../component/lifecycle.ts'
import type { Supervisor } from '../component/supervisor.ts'
import type { ComponentCoordinator } from '../coordinator.ts'

/** ms between two looks at what nobody tells of. */
const lookEvery = 2
/** ms that one waits at most: an unload may be waiting for a call that a test has still to answer. */
const patience = 5_000

/** What of a coordinator is on its way from one state to another. */
export const changing = ({ parts }: ComponentCoordinator): Supervisor[] =>
  parts.registry.all.filter(({ state }) => isChanging(state))

/** Until nothing is loading or being unloaded, and nothing is left to be done about memory. @param except what may be, as it was before. */
export async function quiet(coordinator: ComponentCoordinator, except: readonly Supervisor[] = []): Promise<void> {
  const end = async (): Promise<true> => {
    while (changing(coordinator).some((copy) => !except.includes(copy))) await sleep(lookEvery)
    await coordinator.memory.atRest()
    return true
  }
  await withDeadline(end(), patience)
}
