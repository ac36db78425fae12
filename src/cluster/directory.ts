import type { PressureLevel } from '../contract/pressure-level.ts'
import type { PeerId } from '../transport/nats/peer.ts'
import type { Announcement, Offer } from './announcement.ts'

export type { PeerId }

/** A host, as it told last. */
export interface KnownHost {
  readonly id: PeerId
  readonly level: PressureLevel
  /** bytes. */
  readonly room: number
  /** ms. */
  readonly claimTtl: number
  /** bytes. */
  readonly maxSize: number
  readonly offers: readonly Offer[]
  offer(name: string): Offer | undefined
  readonly loaded: readonly string[]
  /** ms of the monotonic clock. */
  readonly lastHeard: number
  readonly leaving: boolean
}

/**
 * joined: one that was not known; left: it said goodbye, or somebody knows that it is gone; silent: not heard of for too long, and back: heard of again; replaced: its name
 * has a new session; changed: what it told is different; conflict: two living sessions have one name.
 */
export type ChangeType = 'joined' | 'left' | 'silent' | 'back' | 'replaced' | 'changed' | 'conflict'

export interface Change {
  readonly type: ChangeType
  /** Of a conflict: the session that had the name before. */
  readonly host: KnownHost
  /** A sentence's end. */
  readonly why: string
}

/** In `silentAfter`s: who is silent for that long is forgotten. Guessed: longer than a program takes to restart, or a network to be mended. */
const forgottenAfter = 20
/** ms for which a session that said goodbye, or has a successor, may still be heard: what it sent before may come later. Guessed. */
const echo = 1_000

/** Hosts that are known. Guessed: ten times as many as it is meant for; whoever may publish there could make up any number. */
const mostHosts = 10_000

interface Entry {
  readonly host: KnownHost
  readonly sent: number
  isSilent: boolean
  /** ms since it was last heard in which this program could not listen. */
  excused: number
}

interface Former {
  readonly since: number
  /** Of its last announcement, where it was only found out to be gone: a later one is news. Undefined: it said goodbye, or has a successor. */
  readonly sent: number | undefined
  isInConflict: boolean
}

/** The hosts that this one knows of. Times are ms of the monotonic clock. */
export class Directory {
  readonly #silentAfter: number
  /** By name. */
  readonly #entries = new Map<string, Entry>()
  /** By session: those that have gone, or whose name has another one now. */
  readonly #former = new Map<string, Former>()

  /** @param silentAfter ms of not being heard after which a host counts as silent: nothing is placed there. */
  constructor(silentAfter: number) {
    this.#silentAfter = silentAfter
  }

  heard(announcement: Announcement, now: number): Change[] {
    const { name, session, sent } = announcement
    const entry = this.#entries.get(name)
    const isKnown = entry?.host.id.session === session
    if (isKnown && sent <= entry.sent) return []
    if (entry === undefined && this.#entries.size >= mostHosts) return []
    const host = knownHost(announcement, now)
    const former = this.#former.get(session)
    if (former !== undefined && isOld(former, sent, now)) return []
    if (former !== undefined && entry !== undefined) {
      if (former.isInConflict) return []
      former.isInConflict = true
      return [{ type: 'conflict', host, why: `session ${entry.host.id.session} has the same name` }]
    }
    this.#former.delete(session)
    this.#entries.set(name, { host, sent, isSilent: false, excused: 0 })
    if (entry === undefined) {
      return [{ type: 'joined', host, why: `it was heard of ${former ? 'again' : 'for the first time'}` }]
    }
    if (!isKnown) {
      this.#former.set(entry.host.id.session, { since: now, sent: undefined, isInConflict: false })
      return [{ type: 'replaced', host, why: `session ${session} has its name now` }]
    }
    const changes: Change[] = entry.isSilent ? [{ type: 'back', host, why: 'it was heard of again' }] : []
    const difference = differenceOf(entry.host, host)
    return difference === undefined ? changes : [...changes, { type: 'changed', host, why: difference }]
  }

  /** Somebody found out that it is not there: nobody has its subject, or it was silent for too long. Whatever it sends later is news: it is back. */
  forget(session: string, why: string, now: number): Change[] {
    const entry = this.#entryOf(session)
    return entry === undefined ? [] : this.#remove(entry, why, { since: now, sent: entry.sent, isInConflict: false })
  }

  /** It said that it goes. What it sent before may still be under way. */
  saidGoodbye(session: string, now: number): Change[] {
    const entry = this.#entryOf(session)
    const former: Former = { since: now, sent: undefined, isInConflict: false }
    if (entry !== undefined) return this.#remove(entry, 'it said goodbye', former)
    this.#former.set(session, former)
    return []
  }

  /** Those that have become silent since this was last asked, and those that were so for long enough to be forgotten. */
  silentSince(now: number): Change[] {
    for (const [session, { since }] of this.#former) {
      if (now - since > this.#silentAfter * forgottenAfter) this.#former.delete(session)
    }
    return [...this.#entries.values()].flatMap((entry): Change[] => {
      const silence = silenceOf(entry, now)
      const why = `nothing was heard of it for ${Math.round(silence)} ms`
      if (silence > this.#silentAfter * forgottenAfter) return this.forget(entry.host.id.session, why, now)
      if (silence <= this.#silentAfter || entry.isSilent) return []
      entry.isSilent = true
      return [{ type: 'silent', host: entry.host, why }]
    })
  }

  /** For so many ms this program could not listen: that is nobody's silence. */
  excuse(ms: number): void {
    for (const entry of this.#entries.values()) entry.excused += ms
  }

  /** Whether it is silent or not. */
  host(name: string): KnownHost | undefined {
    return this.#entries.get(name)?.host
  }

  /** Those that are not silent, by name. */
  hosts(now: number): KnownHost[] {
    return [...this.#entries.values()]
      .filter((entry) => silenceOf(entry, now) <= this.#silentAfter)
      .map(({ host }) => host)
      .toSorted((a, b) => (a.id.name < b.id.name ? -1 : 1))
  }

  /** Those of them that offer it. */
  offering(name: string, now: number): KnownHost[] {
    return this.hosts(now).filter((host) => host.offer(name) !== undefined)
  }

  #entryOf(session: string): Entry | undefined {
    return this.#entries.values().find(({ host }) => host.id.session === session)
  }

  #remove({ host }: Entry, why: string, former: Former): Change[] {
    this.#entries.delete(host.id.name)
    this.#former.set(host.id.session, former)
    return [{ type: 'left', host, why }]
  }
}

const isOld = (former: Former, sent: number, now: number): boolean =>
  former.sent === undefined ? now - former.since < echo : sent <= former.sent
const silenceOf = (entry: Entry, now: number): number => now - entry.host.lastHeard - entry.excused

/** As it told at that time. */
export function knownHost(
  { name, session, level, room, claimTtl, maxSize, offers, loaded, leaving }: Announcement,
  now: number,
): KnownHost {
  const offersByName = new Map(offers.map((offer) => [offer.name, offer]))
  return {
    id: { name, session },
    level,
    room,
    claimTtl,
    maxSize,
    offers,
    offer: (offered) => offersByName.get(offered),
    loaded,
    lastHeard: now,
    leaving,
  }
}

/** What others act on; how much room there is and how many calls are in flight is read when it is needed. */
function differenceOf(before: KnownHost, after: KnownHost): string | undefined {
  if (before.leaving !== after.leaving) return after.leaving ? 'it is leaving' : 'it is not leaving any more'
  if (before.level !== after.level) return `its pressure went from ${before.level} to ${after.level}`
  const offer = after.offers.find(({ name }) => before.offer(name) === undefined)
  if (offer !== undefined) return `it offers ${offer.name}`
  const gone = before.offers.find(({ name }) => after.offer(name) === undefined)
  if (gone !== undefined) return `it no longer offers ${gone.name}`
  const other = after.offers.find(({ name, loaded }) => (before.offer(name)?.loaded ?? 0) > 0 !== loaded > 0)
  return other && `it has ${other.loaded > 0 ? 'loaded' : 'unloaded'} ${other.name}`
}
