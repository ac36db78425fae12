#!/usr/bin/env node

const unsupported: unknown = await import('../base/supported-node.ts').then(
  () => undefined,
  (error: unknown) => error,
)
if (unsupported instanceof Error) {
  process.stderr.write(`${unsupported.message}\n`)
  process.exitCode = 1
} else {
  const { runCli } = await import('./run-cli.ts')
  process.exitCode = await runCli(process.argv.slice(2))
}
