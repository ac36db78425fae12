import { describe, expect, it } from 'vitest'
import { similarNames } from '../../../src/contract/similar-names.ts'
import { ComponentCoordinator, NoSuchMethodError } from '../../../src/index.ts'
import { silent } from '../../support/coordinator.ts'

describe('names that were most likely meant', () => {
  it.each([
    ['modul', ['name', 'type', 'module', 'model'], ['module', 'model']],
    ['memorylimit', ['memoryEstimate', 'memoryLimit'], ['memoryLimit']],
    ['hihgest', ['lowest', 'highest'], ['highest']],
    ['xyz', ['name', 'type'], []],
    ['', ['name'], []],
  ])('%s: the nearest come first', (name, known, meant) => {
    expect(similarNames(name, known)).toEqual(meant)
  })
})

describe('NoSuchMethodError', () => {
  const known = Array.from({ length: 30 }, (_, index) => `method${String.fromCharCode(97 + (index % 26))}x${index}`)

  it('lists them first, and says how many there are beyond those that it lists', () => {
    const { message } = new NoSuchMethodError('prices', 'highst', { known: [...known, 'highest'] })
    expect(message).toContain('; it offers: highest, methodax0, ')
    expect(message).toMatch(/, and 11 more$/)
  })

  it('lists all where there are few', () => {
    const { message } = new NoSuchMethodError('prices', 'other', { known: ['lowest', 'highest'] })
    expect(message).toMatch(/; it offers: lowest, highest$/)
  })
})

describe('options that nobody knows', () => {
  const coordinator = new ComponentCoordinator({ logger: silent })
  const registered = (definition: object) => () => coordinator.registerComponent(definition as never)

  it('are told before one that is missing, with the one that was meant', () => {
    expect(registered({ name: 'a', modul: 'file:///a.js' })).toThrow(
      /^Invalid option "modul": expected one of name, type, module, .* \(did you mean "module"\?\), got "file/,
    )
    expect(registered({ nam: 'a', module: 'file:///a.js' })).toThrow(/\(did you mean "name"\?\)/)
    expect(() => coordinator.registerFamily({ name: 'a', modul: 'file:///a.js' } as never)).toThrow(
      /did you mean "module"/,
    )
  })

  it('are none: a module has to be a URL, a path, or a package', () => {
    expect(registered({ name: 'a' })).toThrow(
      'Invalid option "module": expected a URL, a path, or the name of a package, got undefined',
    )
    expect(registered({ name: 'a', module: 7 })).toThrow(/a URL, a path, or the name of a package, got 7/)
  })
})
