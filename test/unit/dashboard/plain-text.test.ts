import { expect, it } from 'vitest'
import { plainText } from '../../../src/dashboard/page/plain-text.js'

it('a text that is shown does not turn the direction of what stands around it', () => {
  expect(plainText('orders\u202e\u2066x \u05d0')).toBe('orders\ufffd\ufffdx \u05d0')
})
