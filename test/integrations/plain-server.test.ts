import { expect, test } from 'vitest'
import { startServer } from './child.ts'
import { startLoad, tally } from './load.ts'

test('a server without a framework, ended by SIGTERM under load, answers every request and ends by itself', async () => {
  const server = await startServer('plain-server.ts')
  const load = startLoad({ work: `${server.url}/work`, ready: `${server.url}/health/ready`, clients: 16 })
  await expect.poll(() => load.outcomes.length, { timeout: 10_000 }).toBeGreaterThan(100)
  const ended = server.end('SIGTERM')
  await load.over
  expect(tally(load.outcomes)).toEqual({ '200': load.outcomes.length })
  // Leaving the scope of the coordinator has unloaded its component: nothing keeps the process.
  expect(await ended).toEqual({ code: 0, signal: null })
  const { length } = load.outcomes
  expect(server.lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { received: length, answered: length, begun: length, done: length },
  ])
})
