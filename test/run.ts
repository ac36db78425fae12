import { spawnSync } from 'node:child_process'
import { natsProgram, notChecked } from './support/nats-program.ts'

// `npm test` runs everything, on both Nodes; `npm test -- test/locks` the tests of that folder alone, on the first.
const chosen = process.argv.slice(2)
// The last line, whatever became of the rest: who reads it must not take it for checked.
process.on('exit', () => {
  if (natsProgram === undefined) process.stdout.write(`\n${notChecked}\n`)
})
const scripts = chosen.length > 0 ? ['test:26'] : ['check', 'test:26', 'test:24']
for (const script of scripts) {
  const { status } = spawnSync('npm', ['run', script, '--', ...chosen], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
