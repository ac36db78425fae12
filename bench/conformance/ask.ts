/** Asks one library one question, or several side by side: `node ask.ts <library> <question>,...`. Prints the answers as one line of JSON, if this process lives to tell. */
import { setTimeout as sleep } from 'node:timers/promises'
import { libraries } from './libraries.ts'
import { questions } from './questions.ts'

const [name = '', asked = ''] = process.argv.slice(2)
const open = await libraries[name]?.()
if (!open) throw new Error(`There is no library ${name}`)
// What is asked keeps nothing alive by itself.
const alive = setInterval(() => {}, 1_000)
const answers = await Promise.all(asked.split(',').map(async (id) => questions[id]?.ask(open)))
// Time for what went wrong to end this process as well.
await sleep(300)
clearInterval(alive)
process.stdout.write(`${JSON.stringify(answers.flat())}\n`)
// Whatever is left goes with this process, also a loop that process.exit would wait for.
process.kill(process.pid, 'SIGKILL')
