import { clock } from '../dashboard/page/format.js'
import { eventWords, kindName } from '../dashboard/page/words.js'
import type { FeedEvent } from '../dashboard/event-feed.ts'
import type { ComponentCoordinator } from '../index.ts'

/** A line for each unload, crash and change of pressure, as the dashboard words it. */
export function narrate(coordinator: ComponentCoordinator, write: (line: string) => void): void {
  const tell = (kind: FeedEvent['kind'], name: string, details: object): void => {
    const words = eventWords({ kind, details: { ...details } })
    write(`${clock(Date.now())}  ${kindName(kind).padEnd(9)}${name}${name && '  '}${words}\n`)
  }
  coordinator.on('unload', ({ name, ...report }) => {
    const { pressureLevel, usage, limit } = coordinator.memory.ledger()
    if (report.reason !== 'shutdown') tell('unload', name, { ...report, pressureLevel, usage, limit })
  })
  coordinator.on('crash', ({ name, ...event }) => tell('crash', name, event))
  coordinator.on('pressure', (event) => tell('pressure', '', event))
}
