import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import type { Figure, Value } from './suite.ts'

/** What a suite came to: `bench/results/<suite>.json`. */
export interface SuiteResults {
  readonly suite: string
  readonly title: string
  /** ISO 8601. */
  readonly measuredAt: string
  readonly quick: boolean
  readonly seconds: number
  readonly machine: Machine
  readonly cases: readonly CaseResults[]
}

export interface Machine {
  /** Version of Node, and its flags. */
  readonly node: string
  readonly platform: string
  readonly cores: number
  /** Average of the last minute, before and after. */
  readonly load: readonly [before: number, after: number]
  /** Of what is compared, by name. */
  readonly versions: Readonly<Record<string, string>>
}

export interface CaseResults {
  readonly id: string
  readonly title: string
  readonly base: string
  readonly figures: readonly Figure[]
  readonly contenders: readonly ContenderResults[]
  readonly verdicts: readonly Verdict[]
}

export interface Verdict {
  readonly result: 'met' | 'MISSED' | 'not judged'
  /** What was wanted, and what was had. */
  readonly text: string
}

export interface ContenderResults {
  readonly name: string
  /** A value for each figure, for each round; the rounds of all contenders of a case happened in turns. */
  readonly rounds: readonly (readonly Value[])[]
  /** Why there are none. */
  readonly missing?: string
}

/** The values of a figure, round by round. */
export function valuesOf({ rounds }: ContenderResults, figure: number): readonly Value[] {
  return rounds.map((round) => round[figure] ?? '')
}

export async function writeResults(folder: URL, results: SuiteResults): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(new URL(`${results.suite}.json`, folder), formatResults(results))
}

/** All results of a folder, by suite. */
export async function readResults(folder: URL): Promise<ReadonlyMap<string, SuiteResults>> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).toSorted()
  const all = files.map(async (name) => JSON.parse(await readFile(new URL(name, folder), 'utf8')) as SuiteResults)
  return new Map((await Promise.all(all)).map((results) => [results.suite, results]))
}

/** JSON with a line for each round, so that the difference of a new run can be read. Five digits are more than any of it means. */
export function formatResults(results: SuiteResults): string {
  const round = (_: string, value: unknown): unknown =>
    typeof value === 'number' && Number.isFinite(value) ? Number(value.toPrecision(5)) : value
  const text = JSON.stringify(results, round, 2)
  return `${text.replaceAll(/\[\n\s+((?:"(?:[^"\\]|\\.)*"|[^[\]{}"])*?)\n\s+\]/g, (_, inside: string) => `[${inside.replaceAll(/\n\s+/g, ' ')}]`)}\n`
}
