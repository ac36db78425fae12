import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import util from 'node:util'
import { ownFolder } from './package-files.ts'

/** Frames that are looked at: those of this package and of Node are few. */
const frames = 20
/** Of this package: its sources, or what they were compiled to. Code that was loaded by a transformer goes by its path. */
const ours = ownFolder === undefined ? [] : placesOf(join(ownFolder, 'src', '/'))

/**
 * Where this package was called: the function, its file and the line, for people. It takes some microseconds.
 *
 * @param entry name of the method, or of the class that is made, by which it was entered: in a bundle only names tell who is who; those stay as they are.
 */
export function callerOfPackage(entry: string): string {
  const sites = util.getCallSites(frames)
  const ownUpTo = ours.length > 0 ? -1 : sites.findLastIndex(({ functionName }) => functionName === entry)
  const site = sites
    .slice(ownUpTo + 1)
    .find(({ scriptName }) => ![...ours, 'node:'].some((place) => scriptName.startsWith(place)))
  return site ? `${site.functionName || '(top level)'} (${site.scriptName}:${site.lineNumber})` : 'an unknown place'
}

function placesOf(folder: string): string[] {
  return [folder, pathToFileURL(folder).href]
}
