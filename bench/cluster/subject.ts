/** Who answers, in a process of its own: node subject.ts KIND URL. It says when it is ready, and ends with whoever started it. */
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { connect } from '@nats-io/transport-node'
import { pino } from 'pino'
import { joinCluster } from 'spillway/cluster'
import { ComponentCoordinator } from 'spillway'
import type work from '../contenders/work.js'

export const kinds = ['spillway', 'by hand', 'by hand, with a worker', 'idle'] as const
export type Kind = (typeof kinds)[number]

/** What is called in all of them. */
export const subjectOf = (kind: Kind): string => `bench.${kinds.indexOf(kind)}`

if (process.argv[1] === import.meta.filename) {
  const [kind, url] = process.argv.slice(2) as [Kind, string]
  process.once('disconnect', () => process.exit())
  process.on('message', (message) => {
    if (message === 'cpu') process.send?.(process.cpuUsage())
  })
  if (kind === 'spillway') await spillway(url)
  if (kind === 'by hand') await byHand(url, kind, (value) => value)
  if (kind === 'by hand, with a worker') await byHand(url, kind, worker())
  process.send?.('ready')
}

async function spillway(servers: string): Promise<void> {
  const coordinator = new ComponentCoordinator({ logger: pino({ level: 'silent' }), autoUnloadEnabled: false })
  coordinator.registerComponent<typeof work>({
    name: 'work',
    module: new URL('../contenders/work.js', import.meta.url),
  })
  const cluster = await joinCluster(coordinator, { servers, name: 'subject' })
  await cluster.offer(['work'])
  await coordinator.preload(['work'])
}

async function byHand(servers: string, kind: Kind, answer: (value: unknown) => unknown): Promise<void> {
  const connection = await connect({ servers })
  connection.subscribe(subjectOf(kind), {
    callback: (_error, message) => {
      const value = answer(message.json())
      if (value instanceof Promise) void value.then((late) => message.respond(JSON.stringify(late)))
      else message.respond(JSON.stringify(value))
    },
  })
  await connection.flush()
}

/** What one writes who wants the main thread free. */
function worker(): (value: unknown) => Promise<unknown> {
  const thread = new Worker(fileURLToPath(new URL('echo-worker.js', import.meta.url)))
  const waiting = new Map<number, (value: unknown) => void>()
  let next = 0
  thread.on('message', ([id, value]: [number, unknown]) => {
    waiting.get(id)?.(value)
    waiting.delete(id)
  })
  return async (value) =>
    new Promise((resolve) => {
      waiting.set(++next, resolve)
      thread.postMessage([next, value])
    })
}
