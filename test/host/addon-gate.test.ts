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
