import { describe, expect, test } from 'vitest'
import { Unloader } from '../../../../src/memory/act/unloader.ts'
import { bookOf, decisionOf, FakeComponent, reportOf } from '../../../support/fake-components.ts'

function open() {
  const component = new FakeComponent('a')
  const { book } = bookOf([component])
  component.holds(book, 300)
  const supervisor = component.asSupervisor
  return { component, supervisor, book, unloader: new Unloader(book) }
}

describe('an unload', () => {
  test('is over when the worker is gone: its memory may be given back later, and that may fail', async () => {
    const { component, supervisor, book, unloader } = open()
    const unloading = unloader.unload('a', 'pressure', decisionOf('a'))
    expect(component.asked).toEqual(['unload pressure 0 true'])
    component.exits(book)
    unloader.workerEnded(supervisor)
    const unloaded = await unloading
    expect(unloaded?.bytes).toBe(300)
    component.unloaded.reject(new Error('the report'))
    expect(await unloaded?.reported).toBeUndefined()
  })

  test('of one that does not die frees nothing', async () => {
    const { component, unloader } = open()
    const unloading = unloader.unload('a', 'pressure', decisionOf('a'))
    component.unloaded.resolve(reportOf('a', true))
    expect(await unloading).toMatchObject({ bytes: 0 })
  })

  test('of one that stays says so, and remembers it: one that does not answer either is stuck, and left alone', async () => {
    const { component, supervisor, book, unloader } = open()
    const unloading = unloader.unload('a', 'pressure', decisionOf('a'))
    component.unloaded.resolve(undefined)
    expect(await unloading).toBeUndefined()
    expect(book.account(supervisor).isStuck).toBe(false)
    book.targetOf(supervisor)?.late()
    expect(book.account(supervisor).isStuck).toBe(true)
  })

  test.each(['loading', 'draining', 'unloading'])('is not asked for of one that is %s', async (status) => {
    const { component, unloader } = open()
    component.state = { status, since: 0 }
    expect(await unloader.unload('a', 'pressure', decisionOf('a'))).toBeUndefined()
    expect(await unloader.unload('nobody', 'pressure', decisionOf('nobody'))).toBeUndefined()
    expect(component.asked).toEqual([])
  })

  test('that fails is over as well: the worker that ends afterwards is not waited for any more', async () => {
    const { component, supervisor, unloader } = open()
    const unloading = unloader.unload('a', 'pressure', decisionOf('a'))
    component.unloaded.reject(new Error('no'))
    await expect(unloading).rejects.toThrow('no')
    expect(() => unloader.workerEnded(supervisor)).not.toThrow()
  })
})
