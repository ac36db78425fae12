import { expect, it } from 'vitest'
import { eventWords, hostWords } from '../../../src/dashboard/page/words.js'

it('a crash is told with why it happened', () => {
  const details = { generation: 3, reason: 'stuck', code: null, message: '', decision: null, why: null } as const
  expect(eventWords({ kind: 'crash', details })).toBe('its event loop stood still for too long (generation 3)')
})

it('a crash of native code is told with its signal', () => {
  const details = {
    generation: 3,
    reason: 'signal',
    signal: 'SIGSEGV',
    code: null,
    message: '',
    decision: null,
    why: null,
  } as const
  expect(eventWords({ kind: 'crash', details })).toBe('SIGSEGV ended its process (generation 3)')
})

it('a component is in a thread, in a process, or will be in one', () => {
  expect(hostWords({ isolation: 'thread', pid: 12 })).toBe('thread')
  expect(hostWords({ isolation: 'process', pid: 34 })).toBe('process 34')
  expect(hostWords({ isolation: 'process', pid: null })).toBe('process')
})

it('a piece of advice is told in its own words, and so is its end', () => {
  const details = { advice: 'stuck:a', message: '"a" stands still', urgent: true, since: 1 }
  expect(eventWords({ kind: 'advice', details: { ...details, over: false } })).toBe('"a" stands still')
  expect(eventWords({ kind: 'advice', details: { ...details, over: true } })).toBe('over: "a" stands still')
})
