import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { runModule } from '../support/child.ts'
import { program } from '../support/program.ts'

const index = new URL('../../src/index.ts', import.meta.url).href

/** Says each time that it is run, in whichever thread or process. */
const host = (isolation: string): string => `
import { appendFileSync } from 'node:fs'
import { ComponentCoordinator } from '${index}'
const folder = new URL('./', import.meta.url)
appendFileSync(new URL('runs', folder), 'run\\n')
const nothing = () => {}
const logger = { level: 'silent', child: () => logger, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing }
const coordinator = new ComponentCoordinator({ logger, spareWorkers: 0 })
const remote = coordinator.registerComponent({ name: 'a', module: new URL('a.mjs', folder), isolation: '${isolation}'MORE })
console.log(await remote.kind().catch(({ message }) => message))
await coordinator.shutdown()
`
const files = { 'a.mjs': `export default { kind: () => 'loaded' }`, runs: '' }

async function preloaded(code: string): Promise<{ said: string; errors: string; runs: number }> {
  const folder = program(files)
  const file = join(folder, 'host.mjs')
  writeFileSync(file, code)
  const { stdout, stderr } = await runModule('', { execArgv: ['--import', pathToFileURL(file).href] })
  return { said: stdout, errors: stderr, runs: readFileSync(join(folder, 'runs'), 'utf8').split('run').length - 1 }
}

test.each(['thread', 'process'])(
  'a coordinator that is made by a preload is not made again in each %s',
  async (isolation) => {
    const { said, errors, runs } = await preloaded(host(isolation).replace('MORE', ''))
    // In a process, what it died of is told on its standard error.
    expect(said + errors).toContain("A coordinator is being made by a module that a component's worker preloads")
    expect(said).toContain('Component "a" could not be loaded')
    expect(runs).toBe(2)
  },
)

test('one that gives its components options of their own is as any other', async () => {
  const { said, runs } = await preloaded(host('process').replace('MORE', ', execArgv: []'))
  expect([said, runs]).toEqual(['loaded\n', 1])
})
