import { expect, test } from 'vitest'
import { addressSpaceLeft } from '../../../src/base/proc-files.ts'

const left = (files: Record<string, string>): number => addressSpaceLeft((path) => files[path])
const line = (limit: string): string =>
  `Max stack size  8388608  unlimited  bytes\nMax address space         ${limit}   bytes\n`

test('address space is what the limit leaves of it', () => {
  const status = 'Name:\tnode\nVmPeak:\t 9000 kB\nVmSize:\t    2048 kB\nVmRSS:\t 100 kB\n'
  const limits = line('4194304              unlimited')
  expect(left({ '/proc/self/limits': limits, '/proc/self/status': status })).toBe(2 * 1024 ** 2)
})

test('without a limit, or where the system does not tell, there is no end to it', () => {
  expect(left({ '/proc/self/limits': line('unlimited            unlimited') })).toBe(Number.POSITIVE_INFINITY)
  expect(left({})).toBe(Number.POSITIVE_INFINITY)
})
