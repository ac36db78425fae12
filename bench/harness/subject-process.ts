/** Measures one contender for one case, a round for each message. Arguments: module of the suite, case, contender, and the setup as JSON. */
import type { Setup, Value } from './suite.ts'
import { importSuite } from './suites.ts'

/** What it answers, once it is ready (no figures yet) and to each message. */
export type Answer = { readonly figures: readonly Value[] } | { readonly error: string }

const [module = '', id, name, setup = '{}'] = process.argv.slice(2)
const answer = (message: Answer): void => void process.send?.(message)

async function prepare() {
  const { cases } = await importSuite(new URL(module))
  const contender = cases.find((each) => each.id === id)?.contenders.find((each) => each.name === name)
  if (!contender || !('measure' in contender)) throw new Error(`${module}, ${id} has no ${name} to measure`)
  return contender.measure(JSON.parse(setup) as Setup)
}

async function tell(measured: () => Promise<readonly Value[]>): Promise<void> {
  try {
    answer({ figures: await measured() })
  } catch (error) {
    answer({ error: String(error) })
  }
}

// Whoever asked is gone, or has heard enough; what was started goes with this process.
process.on('disconnect', () => process.exit())
process.on('uncaughtException', (error) => answer({ error: String(error) }))

const measure = prepare()
process.on('message', () => void tell(async () => (await measure)()))
await tell(async () => {
  await measure
  return []
})
