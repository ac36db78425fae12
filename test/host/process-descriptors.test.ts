import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { fixture } from '../support/coordinator.ts'

/** Runs out of descriptors, tries to load a component, and gets some back; tells how that went. */
const source = `
  import { closeSync, openSync, readdirSync } from 'node:fs'
  const { ComponentCoordinator } = await import(${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)})
  const coordinator = new ComponentCoordinator({ spareWorkers: 0 })
  const module = new URL(${JSON.stringify(fixture('in-process.ts').href)})
  const remote = coordinator.registerComponent({ name: 'late', module, isolation: 'process', restart: { intensity: 100 } })
  // All that is opened the first time is open from now on.
  await coordinator.getComponent('late')
  await coordinator.unloadComponent('late')
  const held = []
  try {
    for (;;) held.push(openSync('/dev/null'))
  } catch {}
  const codes = new Set()
  for (let free = 0; free < 6; free++) {
    await remote.pid().catch((error) => codes.add(error.code + ' ' + error.cause?.code))
    await new Promise((resolve) => setTimeout(resolve, 30))
    closeSync(held.pop())
  }
  for (const fd of held.splice(0, 20)) closeSync(fd)
  const before = readdirSync('/proc/self/fd').length
  const isThere = (await remote.pid()) > 0
  await coordinator.unloadComponent('late')
  console.log(JSON.stringify({ codes: [...codes], isThere, leaked: before - held.length > 60 }))
  await coordinator.shutdown()
`

test.runIf(process.platform === 'linux')(
  'no descriptors left is an error of the load, which takes none for good',
  async () => {
    const { stdout } = await promisify(execFile)(
      '/bin/sh',
      ['-c', 'ulimit -n 120; exec "$0" --input-type=module -e "$1"', process.execPath, source],
      { env: { ...process.env, SPILLWAY_LOG_LEVEL: 'silent' } },
    )
    expect(JSON.parse(stdout)).toEqual({ codes: ['ERR_COMPONENT_LOAD EMFILE'], isThere: true, leaked: false })
  },
)
