import { lstatSync, mkdirSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'

/** A folder in which nobody else can put, take or open anything; or why it is not one. */
export type FolderState =
  | { readonly status: 'sound' }
  | { readonly status: 'missing' }
  | { readonly status: 'unsound'; readonly problem: string }

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Makes the folder for control sockets, where it is not there yet.
 *
 * @returns its path.
 * @throws Error that says what to do, where it is not this user's alone.
 */
export function openRuntimeFolder(environment: Environment = process.env): string {
  const user = userId()
  const path = ownRuntime(environment, user) ?? temporary(user, tmpdir())
  for (const above of foldersAbove(path)) {
    const problem = parentProblem(above, user)
    if (problem !== undefined)
      throw new Error(`${above} ${problem}: set XDG_RUNTIME_DIR or TMPDIR to a folder of your own`)
  }
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const state = folderState(path)
  if (state.status === 'sound') return path
  const wrong = state.status === 'missing' ? 'was removed just now' : state.problem
  throw new Error(`${path} ${wrong}: remove it, and it is made anew; or set XDG_RUNTIME_DIR to a folder of your own`)
}

/** Where sockets of this user's programs may be, those with another environment included. */
export function runtimeFolders(environment: Environment = process.env): string[] {
  const user = userId()
  const own = ownRuntime(environment, user)
  // Where systemd makes one, also for shells that have not been told.
  return [own ?? `/run/user/${user}/spillway`, temporary(user, tmpdir())]
}

/** Of the folder itself: what a link leads to is not looked at. */
export function folderState(path: string): FolderState {
  const found = lstatOf(path)
  if (!found) return { status: 'missing' }
  const unsound = (problem: string): FolderState => ({ status: 'unsound', problem })
  if (found.isSymbolicLink()) return unsound('is a symbolic link')
  if (!found.isDirectory()) return unsound('is no folder')
  if (found.uid !== userId()) return unsound(`belongs to user ${found.uid}`)
  const mode = found.mode & 0o777
  return mode === 0o700 ? { status: 'sound' } : unsound(`has mode ${mode.toString(8)}, and should have 700`)
}

/** `$XDG_RUNTIME_DIR/spillway`, if that is the user's own and nobody else's (XDG Base Directory Specification). */
function ownRuntime({ XDG_RUNTIME_DIR: folder }: Environment, user: number): string | undefined {
  if (folder === undefined || !isAbsolute(folder)) return undefined
  const found = lstatOf(folder)
  const isOwn = found?.isDirectory() === true && found.uid === user && (found.mode & 0o777) === 0o700
  return isOwn ? join(folder, 'spillway') : undefined
}

const temporary = (user: number, folder: string): string => join(folder, `spillway-${user}`)

/** From the nearest to the root. */
function foldersAbove(path: string): string[] {
  const above = dirname(path)
  return above === path ? [] : [above, ...foldersAbove(above)]
}

/** Whoever may rename what is in a folder above could put another one in its place. */
function parentProblem(parent: string, user: number): string | undefined {
  let found: Stats
  try {
    found = statSync(parent)
  } catch (error) {
    return `cannot be looked at (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'})`
  }
  if (found.uid !== user && found.uid !== 0) return `belongs to user ${found.uid}`
  const [others, sticky] = [0o022, 0o1000]
  return (found.mode & others) !== 0 && (found.mode & sticky) === 0 ? 'may be written to by others' : undefined
}

function lstatOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

function userId(): number {
  const id = process.getuid?.()
  if (id === undefined) throw new Error('sockets that only their user may open are not to be had on this system')
  return id
}
