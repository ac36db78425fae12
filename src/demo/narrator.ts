import { EventFeed } from '../live/event-feed.ts'
import type { FeedEvent } from '../live/feed-event.ts'
import { clock } from '../dashboard/page/format.js'
import { eventWords, kindName } from '../dashboard/page/words.js'
import type { ComponentCoordinator } from '../index.ts'

/** A line for each unload, crash and change of pressure, as the dashboard words it. */
export function narrate(coordinator: ComponentCoordinator, write: (line: string) => void): void {
  let last = 0
  const feed = new EventFeed(coordinator, () => {
    for (const event of feed.since(last)) {
      // It was told of before, and has been marked since.
      if (event.id <= last) continue
      last = event.id
      if (!isTold(event)) continue
      const name = event.component ?? ''
      write(`${clock(event.time)}  ${kindName(event.kind).padEnd(9)}${name}${name && '  '}${eventWords(event)}\n`)
    }
  })
}

function isTold(event: FeedEvent): boolean {
  if (event.kind === 'unload') return event.details.reason !== 'shutdown'
  return event.kind === 'crash' || event.kind === 'pressure'
}
