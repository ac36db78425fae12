import type { PressureLevel } from '../contract/pressure-level.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { levels } from '../memory/decide/pressure.ts'

/** What a host tells all others about itself: JSON, so that whoever listens can read it. */
export interface Announcement {
  readonly v: typeof version
  readonly name: string
  /** Of this joining: a program that joins again is a new one. */
  readonly session: string
  /** ms. */
  readonly claimTtl: number
  /** bytes of the largest value that it sends, and takes. */
  readonly maxSize: number
  readonly level: PressureLevel
  /** bytes that it can still take before its pressure is high. */
  readonly room: number
  readonly offers: readonly Offer[]
  /** Names of what is loaded of what it offers, instances of families as `family:key`; the first of them only. */
  readonly loaded: readonly string[]
  /** It hands over what it has, and takes nothing new. */
  readonly leaving: boolean
  /** How many this session has sent before. */
  readonly sent: number
}

export interface Offer {
  readonly name: string
  readonly kind: 'component' | 'family'
  /** Instances: of a component 0 or 1, or as many as it has copies. */
  readonly loaded: number
  /** Calls. */
  readonly inFlight: number
  /** Calls that wait to be begun. */
  readonly queued?: number
}

const version = 1
/** bytes of an announcement. Guessed: 1/16 of what nats-server takes by default; 800 offers with names of 25 characters fit. */
export const largestAnnouncement = 64 * 1024
/** bytes of a goodbye: a name and a session fit, of 64 characters each. */
const largestGoodbye = 1_024
/** Names in `loaded`. Contract: `ClusterHost.loaded`. */
export const mostLoaded = 200
/** One token of a subject: permissions of the server name it. */
export const hostNamePattern = /^[\w-]{1,64}$/
const sessionPattern = /^[\w-]{1,64}$/

/**
 * As many names of what is loaded as there is room for.
 *
 * @throws InvalidOptionsError when the offers alone are too many.
 */
export function encodeAnnouncement(announcement: Announcement): Uint8Array {
  const loaded = announcement.loaded.slice(0, mostLoaded)
  for (;;) {
    const bytes = Buffer.from(JSON.stringify({ ...announcement, loaded }))
    if (bytes.length <= largestAnnouncement) return bytes
    if (loaded.length === 0) {
      throw new InvalidOptionsError(
        'names',
        `offers that fit into an announcement of ${largestAnnouncement} bytes`,
        `${announcement.offers.length} offers in ${bytes.length} bytes`,
      )
    }
    loaded.length = Math.floor(loaded.length / 2)
  }
}

/** Undefined for what is none, or of a version that is not known here: anybody may publish there. */
export function decodeAnnouncement(bytes: Uint8Array): Announcement | undefined {
  if (bytes.length > largestAnnouncement) return undefined
  const value = parsed(bytes)
  return isAnnouncement(value) ? value : undefined
}

/** The session that goes. Undefined for what is no goodbye. */
export function decodeGoodbye(bytes: Uint8Array): string | undefined {
  if (bytes.length > largestGoodbye) return undefined
  const value = parsed(bytes)
  return isObject(value) && matches(value['session'], sessionPattern) ? (value['session'] as string) : undefined
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString())
  } catch {
    return undefined
  }
}

function isAnnouncement(value: unknown): value is Announcement {
  if (!isObject(value) || value['v'] !== version) return false
  return (
    matches(value['name'], hostNamePattern) &&
    matches(value['session'], sessionPattern) &&
    isCount(value['claimTtl']) &&
    isCount(value['maxSize']) &&
    (levels as readonly unknown[]).includes(value['level']) &&
    isCount(value['room']) &&
    isListOf(value['offers'], isOffer) &&
    isListOf(value['loaded'], isString) &&
    typeof value['leaving'] === 'boolean' &&
    isCount(value['sent'])
  )
}

function isOffer(value: unknown): boolean {
  return (
    isObject(value) &&
    isString(value['name']) &&
    (value['kind'] === 'component' || value['kind'] === 'family') &&
    isCount(value['loaded']) &&
    isCount(value['inFlight']) &&
    (value['queued'] === undefined || isCount(value['queued']))
  )
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isString = (value: unknown): boolean => typeof value === 'string'
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
const isListOf = (value: unknown, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isItem)
const matches = (value: unknown, pattern: RegExp): boolean => typeof value === 'string' && pattern.test(value)
