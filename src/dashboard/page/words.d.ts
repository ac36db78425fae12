// Copied as it is beside the compiled code, so it names that.
import type { NextUnload } from '../component-views.js'
import type { FeedEvent } from '../event-feed.js'

export const stateNames: Readonly<Record<string, string>>
export function stayReason(reason: string): string
/** What the next round would do with a component, in a few words. */
export function nextWords(next: NextUnload): string
export function kindName(kind: string): string
/** An event in one sentence, without its component. */
export function eventWords(event: Pick<FeedEvent, 'kind' | 'details'>): string
