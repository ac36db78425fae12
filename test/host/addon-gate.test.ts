import { expect, it } from 'vitest'
import { runChild } from '../support/child.ts'

const prelude = `
const loadsAddon = (name, began) => ({ name, module: new URL('${new URL('../fixtures/loads-addon.ts', import.meta.url).href}'), config: { began } })
`

// In a process of its own, which it would take along: one of every five such ends did, on the average.
it('a worker that is ended while it loads a native addon does not take the process with it', async () => {
  const child = await runChild(`${prelude}
    const coordinator = new ComponentCoordinator({ logger: silent })
    let givenUp = 0
    for (let round = 0; round < 20; round++) {
      const began = new Int32Array(new SharedArrayBuffer(4))
      const name = 'addon-' + round
      const remote = coordinator.registerComponent(loadsAddon(name, began))
      const call = remote.ping().catch((error) => { if (error.code === 'ERR_COMPONENT_NOT_FOUND') givenUp++; else throw error })
      await Atomics.waitAsync(began, 0, 0).value
      await sleep(12 * Math.random())
      await coordinator.unregisterComponent(name)
      await call
    }
    const { left } = await coordinator.shutdown()
    console.log(JSON.stringify({ givenUp: givenUp > 0, left }))
  `)
  expect(child).toMatchObject({ code: 0, signal: null, stdout: '{"givenUp":true,"left":[]}\n' })
}, 120_000)

it('an addon is loaded as ever, and again by the next generation; the component is known to load it', async () => {
  const child = await runChild(`${prelude}
    const coordinator = new ComponentCoordinator({ logger: silent })
    const began = new Int32Array(new SharedArrayBuffer(4))
    const remote = coordinator.registerComponent(loadsAddon('addon', began))
    console.log(coordinator.info('addon').addons.length)
    for (let i = 0; i < 3; i++) {
      console.log(await remote.ping())
      await coordinator.unloadComponent('addon')
    }
    console.log(coordinator.info('addon').addons.join())
    await coordinator.shutdown()
  `)
  const stdout = expect.stringMatching(/^0\npong\npong\npong\n@koromix\/koffi-[\w-]+@[\d.]+\n$/) as string
  expect(child).toMatchObject({ code: 0, stdout })
})

it('one that does not bear a second load in a thread is loaded once; whatever loads it then gets a process', async () => {
  const child = await runChild(`
    import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
    import { createRequire } from 'node:module'
    import { tmpdir } from 'node:os'
    import { join } from 'node:path'
    // An addon that bears it, under the name of one that does not.
    const addon = Object.keys(createRequire(import.meta.url)('koffi') && process.report.getReport().sharedObjects.reduce((all, each) => (each.endsWith('.node') ? { ...all, [each]: 1 } : all), {}))[0]
    const folder = mkdtempSync(join(tmpdir(), 'spillway-addon-'))
    copyFileSync(addon, join(folder, 'swc.node'))
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: '@swc/core', version: '1.16.22', type: 'commonjs' }))
    writeFileSync(join(folder, 'index.cjs'), "require('./swc.node'); module.exports = () => ({ ping: () => 'pong', late: () => require('./swc.node') && 'late' })")
    writeFileSync(join(folder, 'lazy.cjs'), "module.exports = () => ({ load: () => require('./swc.node') && 'loaded' })")
    const lines = []
    const logger = { level: 'warn', child: () => logger, trace() {}, debug() {}, info() {}, error() {}, fatal() {}, warn: (_, text) => lines.push(text) }
    const coordinator = new ComponentCoordinator({ logger })
    const of = (name, file, more = {}) => coordinator.registerComponent({ name, module: join(folder, file), ...more })
    const first = of('first', 'index.cjs')
    const told = async (name, answer) => console.log(await answer, coordinator.info(name).isolation, coordinator.info(name).crashes)
    await told('first', first.ping())
    // Another one finds out as it loads, and a third when it is called.
    await told('second', of('second', 'index.cjs').ping())
    const lazy = of('lazy', 'lazy.cjs')
    // The call is answered with the refusal, or the worker is ended for it before that.
    await lazy.load().catch((error) => console.log((error.cause ?? error).message.slice(0, 57)))
    await told('lazy', lazy.load())
    await coordinator.unloadComponent('first')
    await told('first', first.ping())
    console.log(lines.length, lines[0])
    await coordinator.shutdown()
  `)
  const moved = 'loaded into a process from now on: @swc/core@1.16.22 does not bear a second load in a thread'
  expect(child).toMatchObject({
    code: 0,
    stdout: `pong thread 0\npong process 0\n@swc/core@1.16.22 does not bear a second load in a thread\nloaded process 1\npong process 0\n3 ${moved}\n`,
  })
})
