import { describe, expect, it } from 'vitest'
import { pagePool, returnAtEndFlag, returnSoonFlag } from '../../../../src/memory/act/page-pool.ts'

describe('what becomes of the pages of an isolate that has ended', () => {
  it.each([
    ['no flag', [], 'kept'],
    ['the flag', [returnAtEndFlag], 'returned'],
    ['among others', ['--enable-source-maps', returnAtEndFlag, '--expose-gc'], 'returned'],
    ['underscores', ['--no_memory_pool_share_memory_on_teardown'], 'returned'],
    ['both', ['--no-memory_pool-share_memory-on-teardown'], 'returned'],
    ['no hyphen after no', ['--nomemory-pool-share-memory-on-teardown'], 'returned'],
    ['one hyphen', ['-no-memory-pool-share-memory-on-teardown'], 'returned'],
    ['the contrary', ['--memory-pool-share-memory-on-teardown'], 'kept'],
    ['taken back', [returnAtEndFlag, '--memory-pool-share-memory-on-teardown'], 'kept'],
    ['given again', ['--memory-pool-share-memory-on-teardown', returnAtEndFlag], 'returned'],
    ['a time to keep them', [returnSoonFlag], 'kept'],
    ['a time to keep them, and not kept', [returnAtEndFlag, returnSoonFlag], 'returned'],
    ['not kept, and a time to keep them', [returnSoonFlag, returnAtEndFlag], 'returned'],
    ['another of the pool', ['--no-memory-pool'], 'kept'],
  ] as const)('with %s', (_, execArgv, expected) => {
    expect(pagePool(execArgv, 26)).toBe(expected)
  })

  it('Node 24 keeps them', () => {
    expect(pagePool([returnAtEndFlag], 24)).toBe('kept')
  })
})
