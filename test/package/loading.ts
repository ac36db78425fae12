/** Programs that show what an import of the package evaluates, and that whoever imports a module finds the same. They take what to import as arguments. */
export const loading: Readonly<Record<string, string>> = {
  'evaluates.mjs': `
import { registerHooks } from 'node:module'
const home = import.meta.resolve('spillway').replace(/src\\/index\\.js$/, '')
const files = []
registerHooks({
  load(url, context, load) {
    if (url.startsWith(home)) files.push(url.slice(home.length))
    return load(url, context)
  },
})
for (const specifier of process.argv.slice(2)) await import(specifier)
console.log(JSON.stringify(files))
`,
  'same-errors.mjs': `
import { ComponentCoordinator, InvalidOptionsError } from 'spillway'
import { createDashboard } from 'spillway/dashboard'
import { spillway } from 'spillway/fastify'
import { collectMetrics } from 'spillway/metrics'
import { LazyOrderService } from 'spillway/services'
import { InvalidOptionsError as ofWorkers } from 'spillway/worker'
await using coordinator = new ComponentCoordinator()
const refused = {
  dashboard: () => createDashboard(coordinator, { port: 'none' }),
  fastify: () => spillway({}, { coordinator, shutdown: 'no' }),
  metrics: () => collectMetrics(coordinator, { registry: 'none' }),
  services: () => new LazyOrderService(coordinator, { path: 1 }),
  worker: () => { throw new ofWorkers('mine', 'another', 1) },
}
const result = {}
for (const [entry, call] of Object.entries(refused)) {
  const error = await Promise.try(call).catch((error) => error)
  result[entry] = error instanceof InvalidOptionsError && error.name
}
console.log(JSON.stringify(result))
`,
  // It starts one of the package's own files, by where its module is.
  'helper.mjs': `
const { drainPool } = await import(new URL('memory/act/pool-drain.js', import.meta.resolve('spillway')))
console.log(await drainPool(1, new AbortController().signal))
`,
}

/** Each class that files of code declare, as often as they do. */
export function classesOf(texts: readonly string[]): string[] {
  const declared = /^\s*(?:(?:export )?(?:abstract )?class (\w+)|(?:var|let|const) (\w+) = class\b)/gm
  return texts
    .flatMap((text) => [...text.matchAll(declared)].map(([, name, variable]) => name ?? variable ?? ''))
    .toSorted()
}
