import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { allBlocks } from './page.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const sources: Record<string, string> = {
  spillway: 'src/index.ts',
  'spillway/worker': 'src/worker.ts',
  'spillway/testing': 'src/testing/index.ts',
}
const { NODE_TEST_CONTEXT: _, VITEST: __, ...environment } = process.env
const env = { ...environment, SPILLWAY_LOG_LEVEL: 'silent', CI: '1' }

let folder: string
const files: string[] = []

beforeAll(async () => {
  await mkdir(join(root, '.cache'), { recursive: true })
  folder = await mkdtemp(join(root, '.cache/recipe-'))
  for (const { page, language, code } of await allBlocks()) {
    if ((page !== 'docs/recipes/tests.md' && page !== 'README.md') || language !== 'ts') continue
    const name = /^\/\/ ([\w.-]+\.ts)\n/.exec(code)?.[1]
    if (name === undefined && page === 'README.md') continue
    if (name === undefined) throw new Error('A block of the recipe is without the name of its file')
    files.push(name)
    const text = code.replaceAll(/'(spillway(?:\/\w+)?)'/g, (_, from: string) => `'${root}${sources[from] ?? from}'`)
    await writeFile(join(folder, name), text)
  }
  await writeFile(
    join(folder, 'vitest.config.mjs'),
    'export default { test: { testTimeout: 60_000, hookTimeout: 60_000 } }',
  )
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

it('the tests of the page, and that of the README, pass in vitest', async () => {
  const tests = files.filter((file) => file.endsWith('.test.ts'))
  expect(tests).toEqual(['prices.test.ts', 'cart.test.ts', 'squeeze.test.ts', 'fake-timers.test.ts', 'inline.test.ts'])
  const report = join(folder, 'report.json')
  const options = ['--config', join(folder, 'vitest.config.mjs'), '--reporter', 'json', '--outputFile', report]
  await run(process.execPath, [vitest, 'run', '--root', folder, ...options], { cwd: folder, env })
  expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({
    success: true,
    numPassedTests: 7,
    numFailedTests: 0,
  })
})

it('those of node:test pass there', async () => {
  expect(files).toContain('cart.check.ts')
  const { stdout } = await run(process.execPath, ['--test', 'cart.check.ts'], { cwd: folder, env })
  expect(stdout).toMatch(/^ℹ pass 1$/m)
})
