import { describe, expect, test } from 'vitest'
import { readProcessMemory } from '../../../../src/base/proc-files.ts'
import { ProcessMeter } from '../../../../src/memory/measure/process-memory.ts'

const mib = 1024 ** 2
const status = `Name:\tnode
VmHWM:\t  200000 kB
VmRSS:\t  102400 kB
RssAnon:\t   51200 kB
RssFile:\t   47104 kB
RssShmem:\t    4096 kB
VmData:\t  300000 kB
`

describe('what is resident of a process', () => {
  test('is told apart by what backs it', () => {
    const paths: string[] = []
    const read = (path: string): string => {
      paths.push(path)
      return status
    }
    expect(readProcessMemory(4711, read)).toEqual({ rss: 100 * mib, anonymous: 54 * mib })
    expect(paths).toEqual(['/proc/4711/status'])
  })

  test('is unknown where the system does not tell, or there is no such process', () => {
    expect(readProcessMemory(4711, () => undefined)).toBeUndefined()
    expect(readProcessMemory('self', () => 'Name:\tnode\nVmRSS:\t  102400 kB\n')).toBeUndefined()
    expect(readProcessMemory(2 ** 30)).toBeUndefined()
  })

  test.runIf(process.platform === 'linux')('is told of this one, and what of it is the runtime', () => {
    const held = process.memoryUsage().heapTotal
    const meter = new ProcessMeter(held)
    const { rss, anonymous } = meter.memory
    expect(anonymous).toBeLessThan(rss)
    expect(meter.runtime).toBeGreaterThan(20 * mib)
    expect(meter.runtime).toBe(rss - anonymous + meter.constant)
  })

  test('is read anew when asked, and what is of the runtime stays', () => {
    const resident = { rss: 300, anonymous: 200 }
    const meter = new ProcessMeter(150, () => ({ ...resident }))
    expect(meter).toMatchObject({ constant: 50, runtime: 150 })
    Object.assign(resident, { rss: 950, anonymous: 800 })
    expect(meter.memory.anonymous).toBe(200)
    meter.measure()
    expect(meter.memory.anonymous).toBe(800)
    expect(meter).toMatchObject({ constant: 50, runtime: 200 })
  })

  test('is what it was where it cannot be read', () => {
    let read = (): { rss: number; anonymous: number } => ({ rss: 300, anonymous: 200 })
    const meter = new ProcessMeter(150, () => read())
    read = () => {
      throw new Error('EMFILE: too many open files')
    }
    meter.measure()
    expect(meter).toMatchObject({ memory: { rss: 300, anonymous: 200 }, constant: 50 })
  })
})
