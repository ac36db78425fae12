/** One scenario in a process of its own: `node run.ts <scenario> <options as JSON>`. Prints the result as one line of JSON. */
import * as scenarios from './scenarios.ts'

const [name, options = '{}'] = process.argv.slice(2)
const scenario = (scenarios as unknown as Record<string, (options: unknown) => Promise<unknown>>)[name ?? '']
if (!scenario) throw new Error(`No scenario "${name}"; there are ${Object.keys(scenarios).join(', ')}`)
console.log(JSON.stringify(await scenario(JSON.parse(options))))
