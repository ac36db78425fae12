import type { Case, Contender, Suite, Value } from '../harness/suite.ts'
import { answersOf, titlesOf } from '../conformance/answers.ts'
import type { Answer } from '../conformance/questions.ts'
import { libraries } from '../conformance/libraries.ts'

interface Asked {
  readonly id: string
  readonly title: string
  readonly questions: readonly string[]
  /** Takes next to no processor time, so that all libraries are asked side by side: most of it is waiting for what does not come. Otherwise in turns, and not with --quick. */
  readonly light: boolean
}

/** A table of what each library answers; `yes` counts the answers that are. */
function caseOf({ id, title, questions: asked, light }: Asked): Case {
  const titles = titlesOf(asked)
  const contenders = Object.keys(libraries).map((name): Contender => {
    const ask = async (): Promise<readonly Value[]> => {
      const answers = light ? await answersOf(name, asked) : await oneByOne(name, asked)
      return [answers.filter((answer) => answer.startsWith('yes')).length, ...answers]
    }
    return {
      name,
      measure: async () => {
        const asking = light ? ask() : undefined
        return async () => asking ?? ask()
      },
    }
  })
  return {
    id,
    title,
    figures: [
      { id: 'yes', title: 'yes', unit: `of ${titles.length}`, better: 'more' },
      ...titles.map((each) => ({ id: each, title: each, unit: '', better: 'more' as const })),
    ],
    contenders,
    base: 'worker',
    rounds: 1,
    quickRounds: light ? 1 : 0,
    deadline: 180_000,
    targets: ['spillway', 'spillway process'].map((of) => ({ figure: 'yes', of, least: titles.length })),
  }
}

async function oneByOne(name: string, asked: readonly string[]): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const question of asked) answers.push(...(await answersOf(name, [question])))
  return answers
}

const cases: readonly Case[] = [
  caseOf({
    id: 'settles',
    title: 'a call under way settles when its worker',
    questions: ['exit-0', 'exit-1', 'ended', 'throws', 'rejects'],
    light: true,
  }),
  caseOf({ id: 'errors', title: 'of an error that is thrown there, what arrives', questions: ['errors'], light: true }),
  caseOf({
    id: 'memory',
    title: 'a call under way settles when its worker is out of memory, under a limit of 64 MiB',
    questions: ['objects', 'map'],
    light: false,
  }),
  caseOf({
    id: 'bounds',
    title: 'what is noticed: memory outside of the heap past 64 MiB, a loop past a deadline',
    questions: ['buffers', 'wasm', 'shared', 'loop'],
    light: false,
  }),
  caseOf({
    id: 'back',
    title: 'after the end of a worker of 150 MB in an idle program, without flags',
    questions: ['back'],
    light: false,
  }),
]

export default { title: 'who settles what', cases } satisfies Suite
