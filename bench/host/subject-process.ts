/** Measures one contender for one row, a round for each message. Arguments: contender, row, ms for each thing that is repeated. */
import { contenders } from './contenders.ts'
import { rows } from './rows.ts'

/** What it answers, once it is ready (no figures yet) and to each message. */
export type Answer = { readonly figures: readonly (number | undefined)[] } | { readonly error: string }

const [name, id, time] = process.argv.slice(2)
const answer = (message: Answer): void => void process.send?.(message)

async function prepare() {
  const contender = contenders.find((each) => each.name === name)
  const row = rows.find((each) => each.id === id)
  if (!contender || !row) throw new Error(`There is no ${name}, or no ${id}`)
  return row.prepare({ start: await contender.load(), isolation: contender.isolation, time: Number(time) })
}

async function tell(measured: () => Promise<readonly (number | undefined)[]>): Promise<void> {
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
