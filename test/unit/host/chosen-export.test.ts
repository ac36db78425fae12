import { expect, test } from 'vitest'
import { chosenExport } from '../../../src/host/chosen-export.ts'
import { defineComponent } from '../../../src/worker.ts'

test('what a loader gives in place of the namespace of a transpiled module is taken for that', () => {
  // As tsx does: it has rewritten the import.
  const exports = Object.defineProperty({}, '__esModule', { value: true })
  for (const [name, value] of Object.entries({ default: 'mine', kind: () => 'all' })) {
    Object.defineProperty(exports, name, { get: () => value, enumerable: true })
  }
  expect(chosenExport(exports, 'default')).toBe('mine')
  const whole = chosenExport(exports, '*') as object
  expect(Object.getOwnPropertyDescriptor(whole, 'kind')).toHaveProperty('value')
  expect(() => chosenExport(exports, 'kinds')).toThrow('no export named "kinds"; it exports default, kind')
})

const Big = class {
  kind = 'class'
}
const make = (): object => ({})
const defined = defineComponent(() => ({}))
const throwing = Object.defineProperty({ Big }, 'late', {
  enumerable: true,
  get: () => {
    throw new Error('not yet')
  },
})
test.each<[string, Record<string, unknown>, string]>([
  ['a class', { Big }, "`export: 'Big'` takes it"],
  ['a component', { defined }, "`export: 'defined'` takes it"],
  ['a function', { make }, "`export: 'make'` takes it as a factory, `export: '*'` as a method"],
  ['a class among others', { make, Big }, "`export: 'Big'` takes one of them, `export: '*'` all functions"],
  ['functions', { make, other: make }, "`export: '*'` takes all of them"],
  ['a class, in CommonJS', commonJs({ Big }), "`export: 'Big'` takes it"],
  ['a getter that throws', commonJs(throwing), "`export: 'Big'` takes one of them, `export: '*'` all functions"],
])('where %s is exported and no default, told is what takes it', (_, exports, hint) => {
  const names = Object.keys(exports['module.exports'] ?? exports).join(', ')
  expect(() => chosenExport(exports, 'default')).toThrow(
    new Error(`the module has no default export; it exports ${names}; ${hint}`),
  )
})

/** The namespace that Node gives a transpiled module. */
function commonJs(exports: object): Record<string, unknown> {
  const value = Object.defineProperty(exports, '__esModule', { value: true })
  return { default: value, 'module.exports': value }
}
