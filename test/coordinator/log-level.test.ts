import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const entry = new URL('../../src/index.ts', import.meta.url).href
const program = `
import { ComponentCoordinator } from '${entry}'
process.on('warning', ({ code, message }) => console.log(code, message))
for (const name of ['a', 'b']) {
  await using coordinator = new ComponentCoordinator()
  const module = 'data:text/javascript,export const f = () => 1'
  await coordinator.registerComponent({ name, module, export: '*' }).f()
}`

/** What it warns of, and the levels that it writes. */
async function said(level: string): Promise<{ warnings: string; levels: unknown[] }> {
  const env = { ...process.env, SPILLWAY_LOG_LEVEL: level }
  const args = ['--no-warnings', '--eval', program]
  const { stdout, stderr } = await run(process.execPath, args, { env, cwd: fileURLToPath(new URL('.', entry)) })
  const levels = stderr.split('\n').filter((line) => line.startsWith('{'))
  return { warnings: stdout, levels: levels.map((line) => (JSON.parse(line) as { level: unknown }).level) }
}

test.each(['loud', 'INFO', 'toString'])('SPILLWAY_LOG_LEVEL=%s is warned of once, and taken as info', async (level) => {
  const { warnings, levels } = await said(level)
  expect(warnings).toBe(
    `SPILLWAY_UNKNOWN_LOG_LEVEL SPILLWAY_LOG_LEVEL is "${level}", and has to be one of trace, debug, info, warn, error, fatal, silent: logs are written at info\n`,
  )
  expect(levels).toContain(30)
})

test.each([
  ['silent', 0],
  ['', 1],
])('SPILLWAY_LOG_LEVEL="%s" is not warned of', async (level, least) => {
  const { warnings, levels } = await said(level)
  expect(warnings).toBe('')
  expect(Math.min(levels.length, 1)).toBe(least)
})
