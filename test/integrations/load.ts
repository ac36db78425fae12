import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Server, ServerExit } from './child.ts'

export type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  /** The connection was refused: the request was never sent. */
  | { readonly kind: 'refused' }
  /** It was sent, or may have been, and nothing came back. */
  | { readonly kind: 'lost'; readonly error: string }

export async function request(url: string, agent?: Agent): Promise<Outcome> {
  return new Promise((resolve) => {
    const sent = get(url, { agent, timeout: 10_000 }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (body += chunk))
      response.on('end', () => resolve({ kind: 'answered', status: response.statusCode ?? 0, body }))
      response.on('error', (error) => resolve({ kind: 'lost', error: String(error) }))
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer within 10 s')))
    sent.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ECONNREFUSED' ? { kind: 'refused' } : { kind: 'lost', error: String(error) })
    })
  })
}

interface Load {
  readonly outcomes: readonly Outcome[]
  /** Resolves once every client has stopped. */
  readonly over: Promise<void>
}

/**
 * What a load balancer does: clients with kept-alive connections that send one request after the other, as long as the readiness
 * probe says yes.
 */
function startLoad(options: { work: string; ready: string; clients: number }): Load {
  const outcomes: Outcome[] = []
  const agent = new Agent({ keepAlive: true, maxSockets: options.clients })
  const unready = new AbortController()
  const probe = async (): Promise<void> => {
    while (!unready.signal.aborted) {
      const answer = await request(options.ready)
      if (answer.kind !== 'answered' || answer.status !== 200) unready.abort()
      await sleep(10)
    }
  }
  const client = async (): Promise<void> => {
    while (!unready.signal.aborted) outcomes.push(await request(options.work, agent))
  }
  const over = Promise.all([probe(), ...Array.from({ length: options.clients }, client)]).then(() => agent.destroy())
  return { outcomes, over }
}

/** Ends a server by SIGTERM while sixteen clients keep it busy. */
export async function endUnderLoad(server: Server): Promise<{ outcomes: readonly Outcome[]; exit: ServerExit }> {
  const load = startLoad({ work: `${server.url}/work`, ready: `${server.url}/health/ready`, clients: 16 })
  await expect.poll(() => load.outcomes.length).toBeGreaterThan(100)
  const ended = server.end('SIGTERM')
  await load.over
  return { outcomes: load.outcomes, exit: await ended }
}

/** How many of each, by status. */
export function tally(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) {
    const key =
      outcome.kind === 'answered' ? String(outcome.status) : outcome.kind === 'lost' ? outcome.error : outcome.kind
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}
