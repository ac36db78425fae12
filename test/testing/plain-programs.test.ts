import { describe, expect, it } from 'vitest'
import { runChild } from '../support/child.ts'

const testing = new URL('../../src/testing/index.ts', import.meta.url).href
const program = (isolation: string, body: string): string => `
const { crash, evict, expectNothingLeft, manualClock, simulatePressure } = await import('${testing}')
const clock = manualClock()
const coordinator = new ComponentCoordinator({ logger: silent, spareWorkers: 0 })
const sunk = coordinator.registerComponent(sink('a', { isolation: '${isolation}' }))
await coordinator.getComponent('a')
${body}
await expectNothingLeft(undefined, { within: 20_000 })
`

const either = {
  crash: "console.log((await crash(coordinator, 'a')).name); await coordinator.shutdown()",
  evict: "console.log((await evict(coordinator, 'a')).name); await coordinator.shutdown()",
  expectNothingLeft:
    "void coordinator.unloadComponent('a'); await expectNothingLeft(coordinator, { within: 20_000 }); console.log('a'); await coordinator.shutdown()",
}
/** What these wait for does not depend on what the component is in. */
const once = {
  'crash by the coordinator':
    "console.log((await crash(coordinator, 'a', { reason: 'stuck' })).name); await coordinator.shutdown()",
  simulatePressure:
    "console.log((await simulatePressure(coordinator, 'critical')).unloaded[0].name); await coordinator.shutdown()",
  advance: "await clock.advance(1_000); console.log('a'); await coordinator.shutdown()",
}

/** Nothing else keeps these alive: an await that does not itself ends the process with code 13. */
describe.each([
  ['thread', { ...either, ...once }],
  ['process', either],
])('in a plain program, with a component in a %s', (isolation, bodies) => {
  it.each(Object.entries(bodies))('%s keeps the process alive until it is done', async (_, body) => {
    const { code, stdout, stderr } = await runChild(program(isolation, body))
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: 'a\n' })
  })
})
