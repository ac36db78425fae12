import { parseClusterDemoOptions, usage } from './cluster-demo-options.ts'
import { NoNatsServer } from './nats-server.ts'

const options = parseClusterDemoOptions(process.argv.slice(2))
if (!options) process.stdout.write(usage)
else {
  const { runClusterDemo } = await import('./run-cluster-demo.ts')
  try {
    await runClusterDemo(options)
  } catch (error) {
    if (!(error instanceof NoNatsServer)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
