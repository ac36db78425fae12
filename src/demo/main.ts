import { parseDemoOptions, usage } from './demo-options.ts'

const options = parseDemoOptions(process.argv.slice(2), process.stdout.isTTY)
if (!options) process.stdout.write(usage)
else {
  const { mode } = options
  if (mode === 'both') {
    process.stderr.write(
      'Standard output is no terminal: this ends by itself. --serve goes on, --once shows no dashboard.\n',
    )
  }
  if (mode !== 'live') {
    const { runOnce } = await import('./once.ts')
    await runOnce(options)
  }
  if (mode !== 'once') {
    const { runLive } = await import('./live.ts')
    await runLive(options)
  }
}
