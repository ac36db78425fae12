import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { pino } from 'pino'
import { ComponentCoordinator } from '../src/index.ts'

/** Whether a component bears to be loaded into a thread again and again: `node bench/addon-reload.ts ./component.ts [method]`. */
const times = 10
const [file = '', method] = process.argv.slice(2)

if (process.env['SPILLWAY_RELOADS'] === undefined) {
  const args = [...process.execArgv, import.meta.filename, ...process.argv.slice(2)]
  const env = { ...process.env, SPILLWAY_RELOADS: 'yes' }
  const { status, signal } = spawnSync(process.execPath, args, { env, stdio: 'inherit' })
  console.log(signal ? `the process ended with ${signal}` : status === 0 ? `${times} loads passed` : 'a load failed')
  process.exitCode = status ?? 1
} else {
  await using coordinator = new ComponentCoordinator({ logger: pino({ level: 'silent' }), spareWorkers: 0 })
  const remote = coordinator.registerComponent<Record<string, () => unknown>>({
    name: 'tried',
    module: pathToFileURL(resolve(file)),
    isolation: 'thread',
  })
  for (let load = 1; load <= times; load++) {
    await coordinator.getComponent('tried')
    if (method !== undefined) await remote[method]?.()
    await coordinator.unloadComponent('tried')
    console.log(`${load}: ${coordinator.info('tried').addons.join(', ') || 'no addons'}`)
  }
}
