import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type SocketPair = readonly [Socket, Socket]

/** Pairs of sockets that are joined, as a process and its child have one. They keep no event loop alive. */
export async function socketPairs(count: number): Promise<SocketPair[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-sockets-'))
  const path = join(folder, 'socket')
  const server = createServer()
  server.listen(path)
  await once(server, 'listening')
  const pairs: SocketPair[] = []
  for (let i = 0; i < count; i++) pairs.push(await socketPair(server, path))
  server.close()
  await rm(folder, { recursive: true })
  return pairs
}

async function socketPair(server: Server, path: string): Promise<SocketPair> {
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const ours = connect(path)
  const [theirs] = await accepted
  return [ours.unref(), theirs.unref()]
}
