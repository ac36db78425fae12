import { expect, test } from 'vitest'
import { chosenExport } from '../../../src/host/chosen-export.ts'

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
