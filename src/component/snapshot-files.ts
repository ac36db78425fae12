import { mkdir, readdir, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fateOf, ownedPattern, ownedSuffix, ownerOf } from './file-owner.ts'
import { systemTime } from '../base/timers.ts'

/** What is done with the files of one folder, each function in one turn of that folder: names, writing, setting aside, and what is left over. */

/** Set aside for people to look at: it was not what had been written, or no component could be loaded with it. */
export type AsideReason = 'corrupt' | 'rejected'

/** Of those, this many are kept in a folder, the newest. Guessed: enough to see a pattern. */
const keptAside = 10
/** ms. Guessed: whoever has not looked by then does not. */
const asideFor = 7 * 24 * 3_600_000
/** ms after which files of a process that nobody here can ask about are taken for forgotten; those of a living one are touched daily. */
const forgottenAfter = 7 * 24 * 3_600_000
/** ms between two touches of what is kept. */
export const touchInterval = 24 * 3_600_000

/** Characters of a component's name in the names of its files: for people, the rest of the name sets them apart. Names end at 255 bytes. */
const readableLength = 100
/** A folder may vanish, cleaned up by others, between being made and being used. */
const attempts = 3

const snapshotFile = new RegExp(`-${ownedPattern}\\.snapshot(\\.partial|\\.corrupt|\\.rejected)?$`)
const asideFile = /\.snapshot\.(corrupt|rejected)$/
const processFolder = new RegExp(`^spillway-${ownedPattern}$`)

/** Nobody else can have made it before, to read along or to be in the way. */
export const ownDirectory = resolve(tmpdir(), `spillway-${ownedSuffix()}`)

/** A path that no other component, coordinator or process uses, on any file system, whatever the component's name. */
export function newSnapshotPath(directory: string, component: string): string {
  const readable = encodeURIComponent(component.toWellFormed()).replaceAll('*', '%2A').slice(0, readableLength)
  return join(directory, `${readable}-${ownedSuffix()}.snapshot`)
}

/**
 * Flushed before it gets its name: a file of that name is whole. The folder is made when need be; nothing is left behind when it fails.
 *
 * @throws the signal's reason when aborted.
 */
export async function writeWhole(
  directory: string,
  path: string,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const partial = `${path}.partial`
  for (let attempt = 1; ; attempt++) {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      signal.throwIfAborted()
      await writeFile(partial, bytes, { mode: 0o600, flush: true, signal })
      signal.throwIfAborted()
      await rename(partial, path)
      signal.throwIfAborted()
      return
    } catch (error) {
      for (const file of [partial, path]) await rm(file, { force: true }).catch(() => {})
      if (attempt === attempts || signal.aborted || codeOf(error) !== 'ENOENT') throw error
    }
  }
}

/** Gives the file the name of one that was set aside; the oldest of those go. */
export async function setAside(directory: string, path: string, reason: AsideReason): Promise<string> {
  const aside = `${path}.${reason}`
  await rename(path, aside)
  await pruneAside(directory)
  return aside
}

/** As `setAside`, for what is in no file yet. */
export async function writeAside(
  directory: string,
  path: string,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<string> {
  const aside = `${path}.rejected`
  await writeWhole(directory, aside, bytes, signal)
  await pruneAside(directory)
  return aside
}

/** Removes the file, and the folder if it is this process's own and empty. */
export async function removeSnapshot(directory: string, path: string): Promise<void> {
  await rm(path, { force: true })
  if (directory === ownDirectory) await rmdir(directory).catch(() => {})
}

/** Says that it is still wanted, to those who cannot ask this process. */
export async function touch(path: string): Promise<void> {
  const now = new Date()
  await utimes(path, now, now)
}

/** Removes what processes have left that are no more, and what was set aside long ago; what it does not get to is left to the next. */
export async function removeLeftovers(directory: string, signal: AbortSignal): Promise<void> {
  if (directory === ownDirectory) await removeOldFolders(signal)
  else await removeFilesOfTheGone(directory, signal)
}

/** Killed processes leave their folders of their own. */
async function removeOldFolders(signal: AbortSignal): Promise<void> {
  for (const entry of await readdir(tmpdir(), { withFileTypes: true })) {
    if (signal.aborted) return
    const match = entry.isDirectory() && processFolder.exec(entry.name)
    if (!match || fateOf(ownerOf(match)) === 'alive') continue
    const folder = join(tmpdir(), entry.name)
    await removeFilesOfTheGone(folder, signal).catch(() => {})
    if (fateOf(ownerOf(match)) === 'gone') await rmdir(folder).catch(() => {})
  }
}

async function removeFilesOfTheGone(directory: string, signal: AbortSignal): Promise<void> {
  for (const name of await readdir(directory)) {
    if (signal.aborted) return
    const match = snapshotFile.exec(name)
    if (!match || asideFile.test(name)) continue
    const path = join(directory, name)
    const fate = fateOf(ownerOf(match))
    if (fate === 'gone' || (fate === 'unknown' && (await ageOf(path)) > forgottenAfter)) {
      await rm(path, { force: true }).catch(() => {})
    }
  }
  await pruneAside(directory)
}

async function pruneAside(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => snapshotFile.test(name) && asideFile.test(name))
  const files: { readonly path: string; readonly age: number }[] = []
  // One by one, here as everywhere in this file: each that hangs would hold one of libuv's few threads.
  for (const name of names) files.push({ path: join(directory, name), age: await ageOf(join(directory, name)) })
  files.sort((a, b) => a.age - b.age)
  for (const [index, { path, age }] of files.entries()) {
    if (index >= keptAside || age > asideFor) await rm(path, { force: true }).catch(() => {})
  }
}

/** ms since it was last written or touched; 0 when it is gone. The wall clock's: so are the times of files. */
async function ageOf(path: string): Promise<number> {
  try {
    return systemTime() - (await stat(path)).mtimeMs
  } catch {
    return 0
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
