import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export const cliFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface CliRun {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly stdout: () => string
  readonly stderr: () => string
  /** Resolves once it has printed that, on either stream. */
  readonly printed: (what: RegExp) => Promise<void>
  readonly ended: Promise<number | null>
}

/** The command in a process of its own, its streams no terminal. */
export function cli(...args: string[]): CliRun {
  return command(process.execPath, [cliFile, ...args])
}

export function command(program: string, args: readonly string[]): CliRun {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, SPILLWAY_TOKEN: '' } })
  const text = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const printed = async (what: RegExp): Promise<void> => {
    let over = false
    void ended.then(() => (over = true))
    while (!what.test(text.stdout + text.stderr)) {
      if (over) throw new Error(`It ended without printing ${what}:\n${text.stdout}${text.stderr}`)
      await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), ended])
    }
  }
  return { child, stdout: () => text.stdout, stderr: () => text.stderr, printed, ended }
}
