import { chmodSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import type { Server } from 'node:net'
import { join } from 'node:path'

/** Bytes of a path that a Unix socket may have (unix(7): 108 with the zero at its end; on macOS 104). */
const mostBytes = process.platform === 'linux' ? 107 : 103
/** Sockets that one process may have; so many coordinators have nobody who looks at them. */
const mostOfOneProcess = 1_000

/** Files of this process, which go with it; shared by all copies of this package in it. */
const key = Symbol.for('spillway.control.sockets')

/** A process's sockets by their names. */
export interface SocketName {
  readonly pid: number
  /** Of the coordinator, from 1. */
  readonly number: number
}

export function socketName({ pid, number }: SocketName): string {
  return `${pid}-${number}.sock`
}

export function readSocketName(file: string): SocketName | undefined {
  const [, pid, number] = /^(\d{1,10})-(\d{1,4})\.sock$/.exec(file) ?? []
  return pid === undefined || number === undefined ? undefined : { pid: Number(pid), number: Number(number) }
}

/**
 * Has a server listen on a socket that only this user may open, from its first moment on. The file is removed when the server is closed, and when the process
 * exits.
 *
 * @returns its path.
 */
export async function listenIn(folder: string, server: Server): Promise<string> {
  for (let number = 1; number <= mostOfOneProcess; number++) {
    const path = join(folder, socketName({ pid: process.pid, number }))
    const bytes = Buffer.byteLength(path)
    if (bytes > mostBytes) {
      throw new Error(
        `the path ${path} has ${bytes} bytes, and that of a Unix socket at most ${mostBytes}: set XDG_RUNTIME_DIR or TMPDIR to a shorter one`,
      )
    }
    const files = filesOfProcess()
    if (files.has(path)) continue
    files.add(path)
    if (await isListening(path)) {
      // A process of the same number, in another container.
      files.delete(path)
      continue
    }
    // One that was left behind by a process that was killed.
    removeFile(path)
    const remove = (): void => {
      removeFile(path)
      files.delete(path)
    }
    server.once('close', remove)
    try {
      await bind(server, path)
    } catch (error) {
      remove()
      throw error
    }
    return path
  }
  throw new Error(`this process has ${mostOfOneProcess} coordinators that can be looked at already`)
}

/** Whether somebody accepts connections there. */
export async function isListening(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(path)
  socket.once('connect', () => resolve(true))
  // A full queue of connections is somebody's.
  socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EAGAIN'))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}

/** Nobody else's, and not a moment later: the file is made in `listen`, which is done with it when it returns. */
async function bind(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  const before = process.umask(0o177)
  try {
    // Exclusive: in a worker of node:cluster the primary would listen for it.
    server.listen({ path, exclusive: true }, resolve)
  } finally {
    process.umask(before)
  }
  await promise
  server.off('error', reject)
  chmodSync(path, 0o600)
}

export function removeFile(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Gone already.
  }
}

function filesOfProcess(): Set<string> {
  const shared = globalThis as { [key]?: Set<string> }
  if (!shared[key]) {
    const files = (shared[key] = new Set())
    process.on('exit', () => {
      for (const file of files) removeFile(file)
    })
  }
  return shared[key]
}
