import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runModule } from '../support/child.ts'
import { program } from '../support/program.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What comes of a component in a process, of a program that may do this and no more. */
async function answer(more: readonly string[]): Promise<string> {
  const folder = program({ 'a.mjs': `export default { kind: () => 'loaded' }` })
  const read = [root, folder, '/dev/null', '/proc'].map((path) => `--allow-fs-read=${path}`)
  const { stdout } = await runModule(
    `
    import { ComponentCoordinator } from '${new URL('../../src/index.ts', import.meta.url).href}'
    const nothing = () => {}
    const logger = { level: 'silent', child: () => logger, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing }
    const coordinator = new ComponentCoordinator({ logger, spareWorkers: 0 })
    const module = ${JSON.stringify(join(folder, 'a.mjs'))}
    const remote = coordinator.registerComponent({ name: 'a', module, isolation: 'process' })
    console.log(await remote.kind().catch(({ message }) => message))
    await coordinator.shutdown()`,
    { execArgv: ['--permission', '--allow-child-process', ...read, ...more] },
  )
  return stdout
}

test('a program that is denied files has processes where it may use /dev/shm, and is told where it may not', async () => {
  expect(await answer(['--allow-fs-read=/dev/shm', '--allow-fs-write=/dev/shm'])).toBe('loaded\n')
  expect(await answer([])).toMatch(/restricted.*\(FileSystem(Read|Write) of \/.*spillway-[\w-]+\)\n$/)
})
