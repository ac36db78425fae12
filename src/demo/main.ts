import { parseDemoOptions, usage } from './demo-options.ts'

const args = process.argv.slice(2)
const options = parseDemoOptions(args, process.stdout.isTTY)
if (!options) process.stdout.write(usage)
else if (options.mode === 'live') {
  const { runLive } = await import('./live.ts')
  await runLive(options)
} else {
  if (!args.includes('--once') && !args.includes('--json')) {
    process.stderr.write('Standard output is no terminal: this is the finite run; --serve gives the living demo.\n')
  }
  const { runOnce } = await import('./once.ts')
  await runOnce(options)
}
