import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'

export interface Server {
  readonly url: string
  readonly child: ChildProcessByStdio<null, Readable, null>
  /** What it printed after its address. */
  readonly lines: string[]
  /** Sends a signal, and resolves with how it ended. */
  end(signal: NodeJS.Signals): Promise<ServerExit>
}

export interface ServerExit {
  readonly code: number | null
  readonly signal: string | null
}

/** Starts a fixture that prints its address first. It is killed with the test if it has not ended by then. */
export async function startServer(fixture: string, ...args: string[]): Promise<Server> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(`../fixtures/${fixture}`, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SPILLWAY_LOG_LEVEL: 'error' },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>
  const lines: string[] = []
  const output = createInterface(child.stdout)
  const [url] = (await Promise.race([
    once(output, 'line', { signal: AbortSignal.timeout(15_000) }),
    exited.then(() => expect.fail('the server ended before it listened')),
  ])) as [string]
  output.on('line', (line) => lines.push(line))
  const closed = once(output, 'close')
  return {
    url,
    child,
    lines,
    async end(signal) {
      child.kill(signal)
      const [code, by] = await exited
      await closed
      return { code, signal: by }
    },
  }
}
