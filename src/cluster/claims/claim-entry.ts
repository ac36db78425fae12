import type { PeerId } from '../directory.ts'
import { hostNamePattern } from '../announcement.ts'

/** What the bucket holds of a key: JSON. */
export type ClaimEntry = PeerId & {
  /** Of the write with which the claim was made, a number of that session's own: it is found by it where the answer was lost. */
  readonly attempt?: number
  /** Of a renewal: the claim's token. */
  readonly token?: number
}

/** A name of a JetStream key has few characters. */
export function entryKey(family: string, key: string): string {
  return `${encoded(family)}.${encoded(key)}`
}

export function encodeEntry({ name, session, attempt, token }: ClaimEntry): string {
  return JSON.stringify({ name, session, attempt, token })
}

/** Undefined for what no host has written. */
export function decodeEntry(text: string): ClaimEntry | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isEntry(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isEntry(value: unknown): value is ClaimEntry {
  if (typeof value !== 'object' || value === null) return false
  const { name, session, attempt, token } = value as Record<string, unknown>
  return isToken(name) && isToken(session) && isCount(attempt) && isCount(token)
}

const isToken = (value: unknown): boolean => typeof value === 'string' && hostNamePattern.test(value)
const isCount = (value: unknown): boolean => value === undefined || Number.isSafeInteger(value)
const encoded = (text: string): string => Buffer.from(text).toString('base64url')
