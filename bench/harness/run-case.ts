import type { CaseResults } from './results.ts'
import { Subject } from './subject.ts'
import type { Case, Contender, Setup, Value } from './suite.ts'
import { judge } from './verdict.ts'

/** ms */
const defaultDeadline = 60_000

export function roundsOf({ rounds, quickRounds = Math.ceil(rounds / 3) }: Case, quick: boolean): number {
  return quick ? quickRounds : rounds
}

/** How often `advance` is called for a case. */
export function stepsOf(each: Case, quick: boolean): number {
  const rounds = roundsOf(each, quick)
  const contenders = each.contenders.filter((contender) => 'measure' in contender).length
  return rounds === 0 ? 0 : contenders * (rounds + (each.fresh ? 0 : 1))
}

/** Measures all contenders of a case in turns. One that fails is asked no more, and the reason stands in its place. */
export async function runCase(
  module: URL,
  each: Case,
  setup: Setup,
  advance: (label: string) => void,
): Promise<CaseResults> {
  const { id, title, base, figures, contenders, targets = [], deadline = defaultDeadline, fresh = false } = each
  const measured = new Map<Contender, { readonly rounds: (readonly Value[])[]; missing?: string }>(
    contenders.map((contender) => [
      contender,
      { rounds: [], ...('cannot' in contender && { missing: contender.cannot }) },
    ]),
  )
  await using stack = new AsyncDisposableStack()
  const start = async (contender: Contender): Promise<Subject> => {
    const execArgv = 'execArgv' in contender ? (contender.execArgv ?? []) : []
    return Subject.start({ module, id, name: contender.name, setup, execArgv, deadline })
  }
  const turn = async (contender: Contender, label: string, work: () => Promise<readonly Value[] | void>) => {
    const results = measured.get(contender)
    if ('cannot' in contender || !results) return
    advance(`${id}: ${contender.name}, ${label}`)
    if (results.missing !== undefined) return
    try {
      const values = await work()
      if (values) results.rounds.push(values)
    } catch (error) {
      // What it did before is no comparison with those who went on.
      results.rounds.length = 0
      results.missing = `failed: ${(error instanceof Error ? error.message : String(error)).split('\n', 1)[0]}`
    }
  }
  const subjects = new Map<Contender, Subject>()
  if (!fresh) {
    for (const contender of contenders) {
      await turn(contender, 'start', async () => void subjects.set(contender, stack.use(await start(contender))))
    }
  }
  const rounds = roundsOf(each, setup.quick)
  for (let round = 0; round < rounds; round++) {
    // Another one begins each time, so that none always follows the same one.
    const first = round % contenders.length
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      await turn(contender, `round ${round + 1} of ${rounds}`, async () => {
        const subject = subjects.get(contender)
        if (subject) return subject.round()
        await using once = await start(contender)
        return await once.round()
      })
    }
  }
  const results = {
    id,
    title,
    base,
    figures,
    contenders: [...measured].map(([{ name }, result]) => ({ name, ...result })),
  }
  return { ...results, verdicts: judge(results, targets, setup.quick) }
}
