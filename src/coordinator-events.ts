import type { CrashEvent, LoadErrorEvent, LoadEvent } from './component/surroundings.ts'
import type { UnloadReport } from './component/unload.ts'
import type { Ledger } from './memory/account/ledger.ts'
import type { ExhaustedEvent, PressureEvent } from './memory/events.ts'

/** What a coordinator tells of, by event: the arguments of its listeners. */
export interface CoordinatorEvents {
  load: [LoadEvent]
  loadError: [LoadErrorEvent]
  unload: [UnloadReport]
  crash: [CrashEvent]
  pressure: [PressureEvent]
  sample: [Ledger]
  exhausted: [ExhaustedEvent]
  zombie: [{ readonly name: string; readonly generation: number }]
}
