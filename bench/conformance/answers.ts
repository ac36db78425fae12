import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Answer } from './questions.ts'
import { questions } from './questions.ts'

const script = fileURLToPath(new URL('ask.ts', import.meta.url))
/** ms after which the process that asks counts as stuck. */
const deadline = 40_000

/**
 * What a library answers to several questions, asked side by side in a process of their own; where that dies, it is not known of which, and each is
 * asked in one of its own.
 */
export async function answersOf(library: string, asked: readonly string[]): Promise<readonly Answer[]> {
  const answers = await ask(library, asked)
  if (Array.isArray(answers)) return answers as readonly Answer[]
  if (asked.length === 1) return titlesOf(asked).map(() => String(answers))
  const all: Answer[] = []
  for (const question of asked) all.push(...(await answersOf(library, [question])))
  return all
}

/** What each question's answers say. */
export const titlesOf = (asked: readonly string[]): string[] => asked.flatMap((id) => questions[id]?.titles ?? [])

async function ask(library: string, asked: readonly string[]): Promise<readonly Answer[] | 'host died' | 'host stuck'> {
  const { promise, resolve } = Promise.withResolvers<readonly Answer[] | 'host died' | 'host stuck'>()
  // No flags: what is given back without them is among the questions.
  const args = ['--disable-warning=ExperimentalWarning', script, library, asked.join(',')]
  const env = { ...process.env, SPILLWAY_LOG_LEVEL: 'silent', NODE_OPTIONS: '' }
  execFile(process.execPath, args, { timeout: deadline, killSignal: 'SIGKILL', env }, (error, stdout) => {
    const line = stdout.split('\n').findLast((text) => text.startsWith('['))
    if (line) resolve(JSON.parse(line) as readonly Answer[])
    else resolve(error?.killed ? 'host stuck' : 'host died')
  })
  return promise
}
