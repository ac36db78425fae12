import { expect, it } from 'vitest'
import { eventWords } from '../../../src/dashboard/page/words.js'

it('a crash is told with why it happened', () => {
  const details = { generation: 3, reason: 'stuck', code: null, message: '' } as const
  expect(eventWords({ kind: 'crash', details })).toBe('its event loop stood still for too long (generation 3)')
})
