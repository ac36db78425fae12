import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import type { ComponentDefinition } from '../../src/index.ts'
import { until } from '../support/coordinator.ts'
import { debuggerAt } from '../support/debugger.ts'

const file = fileURLToPath(new URL('../fixtures/debugged.ts', import.meta.url))
const spared = 'worker would be ended, but an inspector is open and it may be at a breakpoint: '
const byDeadline = 'a deadline has passed, and its event loop has not turned since'
const byWatchdog = 'its event loop has not turned for as long as its watchdog allows'

interface News {
  readonly log?: string
  readonly command?: string
  readonly answer?: unknown
  readonly error?: string
}

class Program {
  readonly child: ChildProcess
  readonly news: News[] = []

  constructor(definition: Partial<ComponentDefinition>, execArgv: readonly string[]) {
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc'] as const
    this.child = fork(file, [JSON.stringify(definition)], { execArgv: [...execArgv], stdio: [...stdio] })
    this.child.on('message', (news: News) => this.news.push(news))
    onTestFinished(async () => {
      this.child.kill('SIGKILL')
      if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit')
    })
  }

  send(command: string): void {
    this.child.send(command)
  }

  /** What comes of it. */
  async ask(command: string): Promise<News> {
    const before = this.#outcomes(command).length
    this.send(command)
    await until(() => this.#outcomes(command).length > before)
    return this.#outcomes(command).at(-1) ?? {}
  }

  async inspector(command: 'inspector' | 'ownInspector'): Promise<string> {
    return String((await this.ask(command)).answer)
  }

  get logged(): (string | undefined)[] {
    return this.news.flatMap(({ log }) => (log === undefined ? [] : [log]))
  }

  #outcomes(command: string): News[] {
    return this.news.filter((each) => each.command === command)
  }
}

const inProcess: Partial<ComponentDefinition> = { isolation: 'process', execArgv: ['--inspect=0'] }

test.for<[string, Partial<ComponentDefinition>, string]>([
  ['thread, past a deadline', { callTimeout: 1_000 }, byDeadline],
  ['thread, past its watchdog', { watchdog: 1_000 }, byWatchdog],
  ['process, past a deadline', { ...inProcess, callTimeout: 1_000 }, byDeadline],
  ['process, past its watchdog', { ...inProcess, watchdog: 1_000 }, byWatchdog],
])('a worker that stands at a breakpoint is not ended, and that is told once: %s', async ([, definition, reason]) => {
  const isThread = definition.isolation !== 'process'
  const program = new Program(definition, isThread ? ['--inspect=0'] : [])
  await program.ask('load')
  const url = await program.inspector(isThread ? 'ownInspector' : 'inspector')
  const session = await debuggerAt(url, isThread ? 'its first worker' : 'itself')
  program.send('stop')
  await session.paused()
  await expect.poll(() => program.logged, { timeout: 20_000 }).toContain(spared + reason)
  session.resume()
  expect((await program.ask('inspector')).error).toBeUndefined()
  expect((await program.ask('info')).answer).toMatchObject({ crashes: 0, generation: 1, state: 'ready' })
  expect(program.logged.filter((line) => line === spared + reason)).toHaveLength(1)
})

test('an inspector that is opened later counts from then on, and no longer once it is closed', async () => {
  const program = new Program({ callTimeout: 500 }, [])
  await program.ask('load')
  program.child.kill('SIGUSR1')
  await expect.poll(async () => program.inspector('ownInspector')).toContain('ws://')
  program.send('spin')
  await expect.poll(() => program.logged, { timeout: 20_000 }).toContain(spared + byDeadline)
  expect((await program.ask('info')).answer).toMatchObject({ crashes: 0 })
  await program.ask('close')
  await expect.poll(() => program.logged, { timeout: 20_000 }).toContain(`worker ended: ${byDeadline}`)
})

test('a process is not debugged by the inspector of the program', async () => {
  const program = new Program({ isolation: 'process', callTimeout: 500 }, ['--inspect=0'])
  await program.ask('load')
  program.send('spin')
  await expect.poll(() => program.logged, { timeout: 20_000 }).toContain(`worker ended: ${byDeadline}`)
})
