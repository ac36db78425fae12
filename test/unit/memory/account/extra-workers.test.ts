import { describe, expect, test, vi } from 'vitest'
import type { Spares } from '../../../../src/host/spares.ts'
import { ExtraWorkers } from '../../../../src/memory/account/extra-workers.ts'
import { FakeComponent, FakeHost } from '../../../support/fake-components.ts'

function open() {
  const hosts: FakeHost[] = []
  const extra = new ExtraWorkers({ hosts } as unknown as Spares)
  const measure = (host: FakeHost, bytes: number): void => {
    for (const target of extra.targets()) {
      if (target.worker === host)
        target.answered({ used: bytes, physical: bytes, external: 1, malloced: 2, heap: bytes }, 0)
    }
  }
  return { hosts, extra, measure }
}

describe('spare workers', () => {
  test('hold what they were measured to hold, for as long as there are any', () => {
    const { hosts, extra, measure } = open()
    const spare = new FakeHost()
    hosts.push(spare)
    expect(extra.total).toBe(0)
    measure(spare, 10)
    expect(extra.list()).toEqual([{ name: 'spare worker 1', kind: 'spare', total: 13 }])
    expect(extra).toMatchObject({ total: 13, ending: 0 })
    hosts.pop()
    expect(extra.total).toBe(0)
  })
})

describe('a worker whose generation is over', () => {
  test('holds what it held, or is measured to hold since, until it is gone', () => {
    const { extra, measure } = open()
    const component = new FakeComponent('a', 4)
    const onGone = vi.fn<(bytes: number) => void>()
    extra.ended(component.asSupervisor, component.asSupervisor.generation as never, 300, onGone)
    expect(extra).toMatchObject({ total: 300, ending: 300 })
    measure(component.host, 97)
    expect(extra.list()).toEqual([{ name: 'a (generation 4)', kind: 'ending', total: 100 }])
    expect(onGone).not.toHaveBeenCalled()
    component.host.exit()
    expect(onGone).toHaveBeenCalledExactlyOnceWith(100)
    expect(extra).toMatchObject({ total: 0, ending: 0 })
    expect([...extra.targets()]).toEqual([])
  })

  test('that does not die is a zombie, which will not be gone in a moment', () => {
    const { extra } = open()
    const component = new FakeComponent('a')
    extra.ended(component.asSupervisor, component.asSupervisor.generation as never, 300, () => {})
    component.zombies.set(component.host.asHost, 1)
    expect(extra).toMatchObject({ total: 300, ending: 0 })
    expect(extra.list()).toMatchObject([{ kind: 'zombie' }])
  })
})
