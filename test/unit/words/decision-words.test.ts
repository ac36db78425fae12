import { expect, test } from 'vitest'
import { stayReason } from '../../../src/dashboard/page/words.js'
import type { KeptReason } from '../../../src/contract/unload-policy.ts'
import type { AutomaticDecision } from '../../../src/contract/automatic-decision.ts'
import { outcomeOf, regretWords, trimWords, whyOf } from '../../../src/words/decision-words.ts'
import { reasonWords } from '../../../src/words/reasons.ts'

const mib = 1024 ** 2
const decision = (facts: Partial<AutomaticDecision>): AutomaticDecision => ({
  rule: 'pressure',
  level: 'high',
  usage: 300 * mib,
  limit: 340 * mib,
  growth: 0,
  need: 20 * mib,
  load: null,
  option: null,
  family: null,
  victims: [{ name: 'a', bytes: 15 * mib }],
  choice: 'only',
  kept: [],
  ...facts,
})

test('pressure: what was measured, who goes and why it, who stays and why, reason by reason', () => {
  const why = whyOf(
    decision({
      growth: 12 * mib,
      choice: 'priority',
      victims: [
        { name: 'a', bytes: 15 * mib },
        { name: 'b', bytes: 60 * mib },
      ],
      kept: [
        { name: 'c', reason: 'in-use' },
        { name: 'd', reason: 'protected' },
        ...['e', 'f', 'g', 'h'].map((name) => ({ name, reason: 'in-use' as const })),
        { name: 'i', reason: 'stuck' },
        { name: 'j', reason: 'not-loaded' },
      ],
    }),
  )
  expect(why).toBe(
    'pressure is high: 300.0 MiB of 340.0 MiB are used (88%), growing by 12.0 MiB/s, 20.0 MiB have to go; ' +
      '"a" (15.0 MiB) goes: it is the least important of those that may, then "b"; ' +
      '"c", "e", "f" and 2 more stay: in use; "d" stays: protected by its priority; "i" stays: stuck',
  )
})

test.each<[string, Partial<AutomaticDecision>, string]>([
  [
    'room for a load',
    { rule: 'admission', level: 'low', load: 'b', choice: 'price' },
    '"b" is to be loaded, and 20.0 MiB have to go for that: 300.0 MiB of 340.0 MiB are used (88%), pressure is low; ' +
      '"a" (15.0 MiB) goes: of the least important, to load it again costs least for its room',
  ],
  [
    'what a family may have, for a load of it',
    {
      rule: 'family',
      load: 'f:b',
      need: 0,
      family: 'f',
      choice: 'idle',
      option: { name: 'maxLoaded', measured: 2, allowed: 2 },
    },
    '"f:b" is to be loaded: 2 instances of the family "f" are loaded, maxLoaded is 2; ' +
      '"a" (15.0 MiB) goes: it has been idle for the longest',
  ],
  [
    'a family that has grown',
    {
      rule: 'family',
      family: 'f',
      choice: 'share',
      option: { name: 'maxMemory', measured: 1200 * mib, allowed: 1024 * mib },
    },
    'the family "f" holds 1.2 GiB, its maxMemory is 1.0 GiB; "a" (15.0 MiB) goes: it is idle and holds more than its share',
  ],
  [
    'free memory',
    { rule: 'free-memory' },
    '20.0 MiB were asked for: 300.0 MiB of 340.0 MiB are used (88%), pressure is high; "a" (15.0 MiB) goes: nothing else may',
  ],
  [
    'idleness',
    { rule: 'idle', choice: 'due', option: { name: 'idleTimeout', measured: 61_000, allowed: 60_000 } },
    'it has not been used for 61 s, its idleTimeout is 60 s',
  ],
  [
    'calls',
    { rule: 'recycled', choice: 'due', option: { name: 'recycle.calls', measured: 1_000, allowed: 1_000 } },
    'it was sent 1000 calls, recycle.calls is 1000',
  ],
  [
    'age',
    { rule: 'recycled', choice: 'due', option: { name: 'recycle.age', measured: 7_200_500, allowed: 7_200_000 } },
    'it has been loaded for 2 h, recycle.age is 2 h',
  ],
  [
    'size',
    { rule: 'recycled', choice: 'due', option: { name: 'recycle.memory', measured: 220 * mib, allowed: 200 * mib } },
    'it holds 220.0 MiB, recycle.memory is 200.0 MiB',
  ],
  [
    'its own limit',
    {
      rule: 'memory-limit',
      choice: 'due',
      growth: 30 * mib,
      option: { name: 'memoryLimit', measured: 96 * mib, allowed: 64 * mib },
    },
    'it held 96.0 MiB, growing by 30.0 MiB/s, memoryLimit is 64.0 MiB',
  ],
  [
    'the limit of all',
    { rule: 'memory-limit', choice: 'taken', option: { name: 'totalLimit', measured: 350 * mib, allowed: 340 * mib } },
    'all together held 350.0 MiB, the limit is 340.0 MiB; "a" (15.0 MiB) goes: it has taken most since, and goes on to',
  ],
])('%s', (_, facts, words) => {
  expect(whyOf(decision(facts))).toBe(words)
})

test('what came of it, with how things stand then', () => {
  const standing = { level: 'high', usage: 240 * mib, limit: 340 * mib } as const
  const rest = '240.0 MiB of 340.0 MiB are used (70%) by now, pressure is high'
  expect(outcomeOf({ released: 60 * mib, retained: 2 * mib, zombie: false }, standing)).toBe(
    `the resident set is smaller by 60.0 MiB, 2.0 MiB are to follow; ${rest}`,
  )
  expect(outcomeOf({ released: 0, retained: 60 * mib, zombie: true }, standing)).toBe(
    `its worker did not die, and holds its memory; ${rest}`,
  )
  expect(trimWords(standing, 0)).toBe('pressure is high: 240.0 MiB of 340.0 MiB are used (70%); nothing has to go yet')
})

test('a load that shows an unload to have been a mistake says what that was for', () => {
  expect(regretWords(12_300, decision({ rule: 'admission', load: 'b' }))).toBe(
    'it was unloaded 12 s ago to make room for "b": that was a mistake',
  )
  expect(regretWords(900, decision({}))).toBe(
    'it was unloaded 900 ms ago because pressure was high: that was a mistake',
  )
  expect(regretWords(900, null)).toBe('it was unloaded 900 ms ago for want of memory: that was a mistake')
})

test('the page has the same words for why one stays', () => {
  const reasons: KeptReason[] = [
    ...(['not-loaded', 'in-use', 'stuck', 'pinned', 'protected', 'has-dependents', 'min-idle', 'residency'] as const),
    ...(['price', 'low-pressure', 'cap', 'enough', 'fair-share', 'not-chosen'] as const),
  ]
  expect(reasons.map((reason) => stayReason(reason))).toEqual(reasons.map((reason) => reasonWords(reason)))
})
