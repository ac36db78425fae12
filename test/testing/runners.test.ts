import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { isAllWanted } from '../support/all-wanted.ts'

const runners = fileURLToPath(new URL('../fixtures/runners/', import.meta.url))
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
/** ms: some times what it takes on a busy machine; one that hangs does so for ever. */
const deadline = 100_000
vi.setConfig({ testTimeout: 120_000 })

interface Outcome {
  readonly code: number | null
  readonly output: string
}

/** Runs a runner of its own on files that leave everything, and is done when that has ended, or has been ended. */
async function run(args: readonly string[]): Promise<Outcome> {
  const { NODE_TEST_CONTEXT: _, VITEST: __, ...env } = process.env
  const child = spawn(process.execPath, args, {
    cwd: runners,
    env: { ...env, SPILLWAY_LOG_LEVEL: 'silent', CI: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const timer = setTimeout(() => child.kill('SIGKILL'), deadline)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  return { code, output }
}

const warning = /A coordinator was not shut down by its test: it was made at .*leaveAll .*leave\.ts:\d+:\d+\)/

describe('a coordinator that a file shares, and shuts down in a hook of its own', () => {
  it.each([
    ['node --test', ['--test', 'keeps.node.ts']],
    ['node --test, all files in one process', ['--test', '--test-isolation=none', 'keeps.node.ts']],
    ['node:test in a program', ['keeps.node.ts']],
    ['jest', ['stand-in.mjs', 'jest', './keeps.globals.ts']],
    ['a jest that does not tell when it is done', ['stand-in.mjs', 'older', './keeps.globals.ts']],
    ['mocha', ['stand-in.mjs', 'mocha', './keeps.globals.ts']],
  ])('is there until then in %s, and nothing is said of it', async (_, args) => {
    const { code, output } = await run(args)
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining('before its end: false, ') as string,
    })
    expect(output).toContain('nothing is left')
    expect(output).not.toContain('not shut down')
  })

  it('is so in vitest with globals, which ends what another file has left as well', async () => {
    const { code, output } = await run([vitest, 'run', '--root', runners, '--config', 'vitest-globals.config.mjs'])
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining('before its end: false, ') as string,
    })
    expect(output).toContain('nothing is left')
    expect(output.match(/was not shut down by its test/g)).toHaveLength(1)
    expect(output).toMatch(/made at .*leaveAll/)
  })

  it('is so in the mocha of the registry, where that can be reached', async ({ skip }) => {
    const folder = await mkdtemp(join(tmpdir(), 'spillway-mocha-'))
    try {
      const install = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, 'mocha@11.7.5'], {
        encoding: 'utf8',
        timeout: deadline,
      })
      if (install.status !== 0) {
        process.stderr.write(
          `NOT RUN with a real mocha, which could not be installed: ${install.stderr.slice(0, 500)}\n`,
        )
        skip()
      }
      const mocha = join(folder, 'node_modules/mocha/bin/mocha.js')
      // It gives a test 2 s of its own.
      const patient = ['--timeout', '60000']
      const kept = await run([mocha, ...patient, 'keeps.globals.ts'])
      expect(kept).toMatchObject({ code: 0, output: expect.stringContaining('nothing is left') as string })
      expect(kept.output).toContain('before its end: false, ')
      const left = await run([mocha, ...patient, 'leaves.globals.ts'])
      expect(left).toMatchObject({ code: 0, output: expect.stringMatching(warning) as string })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('a coordinator that a test forgot', () => {
  it.each([
    ['node --test', ['--test', 'leaves.node.ts']],
    ['node --test, all files in one process', ['--test', '--test-isolation=none', 'leaves.node.ts']],
    ['a file that is run as a program', ['leaves.node.ts']],
    ['node --test, which imports it late', ['--test', 'late-import.node.ts']],
  ])('does not keep %s from ending, and is told of', async (_, args) => {
    const { code, output } = await run(args)
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringMatching(/^ℹ fail 0$/m) as string })
    expect(output).toMatch(warning)
  })

  it('fails a file of node:test that expects nothing to be left in the end', async () => {
    const { code, output } = await run(['--test', 'expects.node.ts'])
    expect(code).toBe(1)
    expect(output).toMatch(/left over:\s+- a coordinator that is not shut down, made at leaveAll/)
    expect(output).toMatch(/a lease of "thread", taken at leaveAll/)
  })

  it('does not keep vitest from ending, in any of its pools', async () => {
    const { code, output } = await run([vitest, 'run', '--root', runners, '--config', 'vitest.config.mjs'])
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringMatching(/3 passed/) as string })
    for (const pool of ['forks', 'threads', 'vmThreads']) expect(output).toContain(`in ${pool}`)
    expect(output).not.toMatch(/timed out|prevented|did not exit/)
  })

  // Jest tells of the end of a file whether or not a hook has failed: the next test has it.
  it.each(isAllWanted ? ['jest', 'mocha'] : ['mocha'])('is shut down at the end of a file of %s', async (kind) => {
    const { code, output } = await run(['stand-in.mjs', kind, './leaves.globals.ts'])
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringMatching(warning) as string })
  })

  // Once a hook has failed no other one is called, in mocha as in an older jest.
  it.each(isAllWanted ? ['jest', 'mocha', 'older'] : ['jest', 'older'])(
    'fails a file of %s that expects nothing to be left',
    async (kind) => {
      const { code, output } = await run(['stand-in.mjs', kind, './expects.globals.ts'])
      expect({ code, output }).toMatchObject({ code: 1, output: expect.stringMatching(warning) as string })
      expect(output).toMatch(/left over:\s+- a coordinator that is not shut down, made at leaveAll/)
    },
  )

  it('is nobody’s concern where no runner is, or node:test only lends its mocks', async () => {
    const { code, output } = await run([
      '--input-type=module',
      '-e',
      `import 'node:test'
      import '../../../src/testing/index.ts'
      console.log('nothing is reported')`,
    ])
    expect({ code, output }).toEqual({ code: 0, output: 'nothing is reported\n' })
  })
})
