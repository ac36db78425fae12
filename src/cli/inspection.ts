import { createWriteStream, existsSync, statSync, unlinkSync } from 'node:fs'
import { link, rename, unlink } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { dirname, join, resolve } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { messageOf } from '../contract/describe-value.ts'
import { bytes } from '../dashboard/page/format.js'
import { inspectionName } from '../live/inspection-file.ts'
import { CliError, exitCodes } from './exit-codes.ts'
import { note, print, printJson } from './output.ts'

export interface Destination {
  /** A file, or a folder that is there; undefined: the working directory. */
  readonly out?: string
  /** An existing file is replaced. */
  readonly force: boolean
}

/**
 * Saves what a program writes about a component, for this user alone.
 *
 * @returns the file's path and bytes.
 * @throws CliError also when the program ends meanwhile: then there is no file.
 */
async function save(
  answer: IncomingMessage,
  component: string,
  extension: string,
  { out, force }: Destination,
): Promise<{ readonly file: string; readonly size: number }> {
  const expected = Number(answer.headers['content-length'])
  const file = pathOf(
    out,
    inspectionName(component, Number(answer.headers['x-spillway-generation']), Date.now(), extension),
  )
  const part = `${file}.${process.pid}.part`
  let size = 0
  try {
    if (existsSync(file) && !force)
      throw new CliError(`${file} is there already: --force replaces it`, exitCodes.failed)
    const progress = progressOf(expected)
    const counting = new Transform({
      transform(chunk: Buffer, _, done) {
        size += chunk.length
        progress(size)
        done(null, chunk)
      },
    })
    await pipeline(answer, counting, createWriteStream(part, { mode: 0o600, flags: 'wx' }))
    if (size !== expected) throw new Error(`${size} of ${expected} bytes came`)
    if (force) await rename(part, file)
    else {
      // Unlike renaming, this does not replace what has come there meanwhile.
      await link(part, file)
      await unlink(part)
    }
    return { file, size }
  } catch (error) {
    answer.destroy()
    if (size > 0) removeQuietly(part)
    if (error instanceof CliError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'EEXIST')
      throw new CliError(`${messageOf(error)}: --force replaces it`, exitCodes.failed, { cause: error })
    const why =
      code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' ? 'the program ended meanwhile' : messageOf(error)
    throw new CliError(`nothing was saved: ${why}`, exitCodes.failed, { cause: error })
  }
}

/** The same, and tells where it is and what it is for. */
export async function saveAndTell(
  answer: IncomingMessage,
  component: string,
  extension: string,
  { json, ...destination }: Destination & { readonly json: boolean },
  use: string,
): Promise<void> {
  const { file, size } = await save(answer, component, extension, destination)
  if (json) return printJson({ file, size })
  print(file)
  note(`${bytes(size)}: ${use}`)
}

/** Before there is work in it. @throws CliError for a file that is there, and for a folder that is not. */
export function checkDestination({ out, force }: Destination): void {
  if (out === undefined) return
  const folder = isFolder(out) ? resolve(out) : dirname(resolve(out))
  if (!isFolder(folder)) throw new CliError(`there is no folder ${folder}`, exitCodes.failed)
  if (!isFolder(out) && existsSync(out) && !force) {
    throw new CliError(`${resolve(out)} is there already: --force replaces it`, exitCodes.failed)
  }
}

function pathOf(out: string | undefined, name: string): string {
  if (out === undefined) return resolve(name)
  return isFolder(out) ? join(resolve(out), name) : resolve(out)
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** On a terminal, in one line that goes. */
function progressOf(expected: number): (size: number) => void {
  if (!process.stderr.isTTY) return () => {}
  let shown = -1
  return (size) => {
    const share = Math.floor((size / Math.max(1, expected)) * 100)
    if (share === shown) return
    shown = share
    process.stderr.write(size < expected ? `\r${share}% of ${bytes(expected)}` : '\r\u001b[K')
  }
}

function removeQuietly(file: string): void {
  try {
    unlinkSync(file)
  } catch {
    // It was not made.
  }
}
