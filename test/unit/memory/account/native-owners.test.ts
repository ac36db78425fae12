import { expect, test, vi } from 'vitest'
import type { NativeAccount } from '../../../../src/memory/account/native-account.ts'
import { NativeOwners } from '../../../../src/memory/account/native-owners.ts'
import type { NativeOwnersOptions } from '../../../../src/memory/account/native-owners.ts'
import { WorkerKeys } from '../../../../src/memory/account/worker-keys.ts'

test('while a helper of ours holds memory, nothing is judged by what the process has', () => {
  let isHelped = false
  const sampled = vi.fn<NativeAccount['sampled']>(() => [])
  const owners = new NativeOwners({
    // The one thing that is asked of it here.
    native: { sampled } as unknown as NativeAccount,
    keys: new WorkerKeys(),
    now: () => 1_000,
    account: vi.fn<NativeOwnersOptions['account']>(),
    isRunning: () => false,
    onOverrun: () => {},
    isHelped: () => isHelped,
  })
  owners.sampled([], 900)
  isHelped = true
  owners.sampled([], 900)
  isHelped = false
  owners.sampled([], 900)
  expect(sampled.mock.calls.map(([, isFresh]) => isFresh)).toEqual([true, false, true])
})
