import { describe, expect, test } from 'vitest'
import { readRealFile } from '../../../../src/base/proc-files.ts'
import { CgroupMeter, readCgroupMemory } from '../../../../src/memory/measure/cgroup.ts'
import { RETRY } from '../../../../src/memory/tuning.ts'

const read = (files: Record<string, string>) => readCgroupMemory((path) => files[path])
const UNLIMITED_V1 = '9223372036854771712\n'

describe('version 2', () => {
  const v2 = '0::/app/web\n'

  test('gives the limit, and what is used less inactive_file', () => {
    expect(
      read({
        '/proc/self/cgroup': v2,
        '/sys/fs/cgroup/app/web/memory.max': '536870912\n',
        '/sys/fs/cgroup/app/web/memory.current': '300000000\n',
        '/sys/fs/cgroup/app/web/memory.stat': 'anon 100\nfile 5\nactive_file 7\ninactive_file 120000000\n',
      }),
    ).toEqual({ limit: 536_870_912, current: 180_000_000 })
  })

  test('takes the smallest limit of the groups around it', () => {
    expect(
      read({
        '/proc/self/cgroup': v2,
        '/sys/fs/cgroup/app/web/memory.max': 'max\n',
        '/sys/fs/cgroup/app/memory.max': '1000000\n',
        '/sys/fs/cgroup/memory.max': '2000000\n',
        '/sys/fs/cgroup/app/web/memory.current': '10\n',
      }),
    ).toEqual({ limit: 1_000_000, current: 10 })
  })

  test('without a limit says so', () => {
    const files = {
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/memory.max': 'max\n',
      '/sys/fs/cgroup/memory.current': '4096\n',
      '/sys/fs/cgroup/memory.stat': 'inactive_file 9000\n',
    }
    expect(read(files)).toEqual({ limit: null, current: 0 })
  })

  test('in a container finds its files at the root, where the path is that of the host', () => {
    expect(
      read({
        '/proc/self/cgroup': '0::/../../docker/0123abcd\n',
        '/sys/fs/cgroup/memory.max': '1000000\n',
        '/sys/fs/cgroup/memory.current': '500\n',
      }),
    ).toEqual({ limit: 1_000_000, current: 500 })
  })
})

describe('version 1', () => {
  const v1 = '12:cpu,cpuacct:/\n5:hugetlb,memory:/docker/01\n0::/\n'

  test('gives the limit, and what is used less total_inactive_file', () => {
    expect(
      read({
        '/proc/self/cgroup': v1,
        '/sys/fs/cgroup/memory/docker/01/memory.limit_in_bytes': '268435456\n',
        '/sys/fs/cgroup/memory/docker/01/memory.usage_in_bytes': '200000000\n',
        '/sys/fs/cgroup/memory/docker/01/memory.stat': 'inactive_file 1\ntotal_inactive_file 50000000\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': UNLIMITED_V1,
      }),
    ).toEqual({ limit: 268_435_456, current: 150_000_000 })
  })

  test('without a limit says so', () => {
    expect(
      read({
        '/proc/self/cgroup': '5:memory:/docker/01\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': UNLIMITED_V1,
        '/sys/fs/cgroup/memory/memory.usage_in_bytes': '77\n',
      }),
    ).toEqual({ limit: null, current: 77 })
  })
})

test.each([
  ['no control groups', {}],
  ['groups without the memory controller', { '/proc/self/cgroup': '3:cpu:/\n0::/user.slice\n' }],
  ['an empty file', { '/proc/self/cgroup': '' }],
])('is null with %s', (_, files) => {
  expect(read(files)).toBeNull()
})

test('reads this machine without failing', () => {
  const memory = readCgroupMemory(readRealFile)
  if (memory === null) return
  expect(memory.current).toBeGreaterThanOrEqual(0)
  expect(memory.limit === null || memory.limit > 0).toBe(true)
})

test('is read once a second at most, and kept meanwhile', () => {
  let [now, current] = [5_000, 100]
  const files = { '/proc/self/cgroup': () => '0::/', '/sys/fs/cgroup/memory.current': () => `${current}` }
  const meter = new CgroupMeter(
    () => now,
    (path) => files[path as keyof typeof files]?.(),
  )
  expect(meter.memory).toEqual({ limit: null, current: 100 })
  current = 200
  now += RETRY - 1
  expect(meter.memory).toEqual({ limit: null, current: 100 })
  now += 1
  expect(meter.memory).toEqual({ limit: null, current: 200 })
})

test('that there is none is known for a second as well', () => {
  let [now, reads] = [5_000, 0]
  const read = (): undefined => void reads++
  const meter = new CgroupMeter(() => now, read)
  expect(meter.memory).toBeNull()
  const once = reads
  expect(meter.memory).toBeNull()
  expect(reads).toBe(once)
  now += RETRY
  expect(meter.memory).toBeNull()
  expect(reads).toBe(2 * once)
})

test('what takes long to read is read less often: a thousandth of the time goes into it', () => {
  const clock = { now: 0 }
  let reads = 0
  const meter = new CgroupMeter(
    () => clock.now,
    (path) => {
      if (path === '/proc/self/cgroup') {
        reads++
        clock.now += 7
      }
      return undefined
    },
  )
  expect([meter.memory, reads]).toEqual([null, 1])
  clock.now = 6_999
  expect([meter.memory, reads]).toEqual([null, 1])
  clock.now = 7_000
  expect([meter.memory, reads]).toEqual([null, 2])
})
