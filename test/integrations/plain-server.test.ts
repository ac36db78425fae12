import { expect, test } from 'vitest'
import { startServer } from './child.ts'
import { endUnderLoad, tally } from './load.ts'

test('a server without a framework, ended by SIGTERM under load, answers every request and ends by itself', async () => {
  const server = await startServer('plain-server.ts')
  const { outcomes, exit } = await endUnderLoad(server)
  const { length } = outcomes
  expect(tally(outcomes)).toEqual({ '200': length })
  // Leaving the scope of the coordinator has unloaded its component: nothing keeps the process.
  expect(exit).toEqual({ code: 0, signal: null })
  expect(server.lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { received: length, answered: length, begun: length, done: length },
  ])
})
