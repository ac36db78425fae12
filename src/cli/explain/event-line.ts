import { clock } from '../../dashboard/page/format.js'
import { eventWords, kindName } from '../../dashboard/page/words.js'
import type { FeedEvent } from '../../live/feed-event.ts'

/** What happened, in a line. */
export function eventLine(event: FeedEvent): string {
  const of = event.component === null ? '' : ` ${event.component}`
  return `${clock(event.time)} ${kindName(event.kind)}${of}: ${eventWords(event)}`
}
