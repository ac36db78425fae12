import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ownFolder } from './package-files.ts'

/** Frames that are looked at: those of this package and of Node are few. */
const frames = 20
/** Of this package: its sources, or what they were compiled to. Code that was loaded by a transformer goes by its path. */
const ours = ownFolder === undefined ? [] : placesOf(join(ownFolder, 'src', '/'))

/**
 * Where this package was called, for people: a frame as it is in the stacks of errors, with the function where it has a name, and by the source maps that
 * are in force. It is put into words when that is asked for; until then it takes about a microsecond, and holds on to who was called.
 *
 * @param entry name of the method, or of the class that is made, by which it was entered: in a bundle only names tell who is who; those stay as they are.
 */
export function callerOfPackage(entry: string): () => string {
  const captured: { stack?: unknown } = {}
  const limit = Error.stackTraceLimit
  const isRaised = Reflect.set(Error, 'stackTraceLimit', frames)
  Error.captureStackTrace(captured, callerOfPackage)
  if (isRaised) Error.stackTraceLimit = limit
  return () => callerIn(captured, entry) ?? 'an unknown place'
}

function callerIn(captured: { readonly stack?: unknown }, entry: string): string | undefined {
  const called = framesIn(captured)
  const isEntry = new RegExp(`(?:^|[ .])${entry}(?: |$)`)
  const ownUpTo = ours.length > 0 ? -1 : called.findLastIndex((frame) => isEntry.test(frame))
  return called.slice(ownUpTo + 1).find((frame) => !isOurs(frame))
}

function framesIn(captured: { readonly stack?: unknown }): string[] {
  try {
    const { stack } = captured
    // What somebody's `Error.prepareStackTrace` makes of it may be anything.
    if (typeof stack !== 'string') return []
    return Array.from(stack.matchAll(/^ +at (?:async )?(.+)$/gm), ([, frame]) => frame ?? '')
  } catch {
    return []
  }
}

function isOurs(frame: string): boolean {
  const place = /\((.*)\)$/.exec(frame)?.[1] ?? frame
  return [...ours, 'node:'].some((each) => place.startsWith(each))
}

function placesOf(folder: string): string[] {
  return [folder, pathToFileURL(folder).href]
}
