import { expect, it } from 'vitest'
import { runModule } from '../support/child.ts'

const sources = new URL('../../src/', import.meta.url).href

/** Whatever changes a global, even for a moment, throws: everything there is is frozen first. */
const program = (entry: string): string => `
const describe = (object) => Reflect.ownKeys(object).map((key) => [key, Object.getOwnPropertyDescriptor(object, key)])
const globals = describe(globalThis).map(([, { value }]) => value)
const objects = new Set(globals.filter((value) => Object(value) === value && value !== globalThis && value !== process))
for (const value of [...objects]) if (Object(value.prototype) === value.prototype) objects.add(value.prototype)
const before = new Map([globalThis, ...objects].map((object) => [object, describe(object)]))
// What a subclass or an instance overrides (toString, name, message) is inherited from these.
const inherited = new Set([Object, Function, Error].map((each) => each.prototype))
for (const object of objects) if (!inherited.has(object) && !(object.prototype instanceof Error)) Object.freeze(object)
const { transfer } = await import('${sources}${entry}')
const comlink = await import('comlink')
const changed = []
for (const [object, descriptors] of before) {
  for (const [key, old] of descriptors) {
    const now = Object.getOwnPropertyDescriptor(object, key)
    // Node puts some of its own in place when they are first used.
    const lazy = object === globalThis && old.get && now.value !== undefined
    if (!lazy && ['value', 'get', 'set'].some((part) => !Object.is(old[part], now?.[part]))) changed.push(String(key))
  }
  for (const key of Reflect.ownKeys(object)) {
    const known = descriptors.some(([old]) => old === key)
    if (!known && !String(Symbol.keyFor(key)).startsWith('spillway.')) changed.push('new: ' + String(key))
  }
}
console.log(JSON.stringify({ globals: objects.size > 100, changed, comlinks: transfer === comlink.transfer }))
`

it.each(['index.ts', 'worker.ts'])('importing %s changes no global', async (entry) => {
  const { stdout, stderr } = await runModule(program(entry))
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual({ globals: true, changed: [], comlinks: true })
})
