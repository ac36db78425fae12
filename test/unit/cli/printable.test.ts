import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fit, printable, widthOf } from '../../../src/cli/printable.ts'

describe('what others have written', () => {
  it.each([
    ['orders', 'orders'],
    ['\u001b[2Jgone', 'gone'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007rest', 'rest'],
    ['\u001b]8;;http://evil.example\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u009b31mred', 'red'],
    ['a\r\nb\tc', 'a��b�c'],
    ['\u202egnp.exe', '�gnp.exe'],
    ['zero\u200bwidth', 'zero�width'],
    ['line\u2028end', 'line�end'],
    ['日本 é', '日本 é'],
  ])('%j is shown as %j', (text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  it('never holds a control character, whatever it was', () => {
    const nasty = fc.array(fc.constantFrom('\u001b', '[', ']', '\u0007', '0', 'm', 'P', '\\', '\u009b', '\n', 'x'))
    const anything = fc.nat({ max: 0x10_ff_ff }).map((point) => String.fromCodePoint(point))
    const texts = fc.oneof(
      fc.string({ unit: anything }),
      nasty.map((parts) => parts.join('')),
    )
    const clean = fc.property(texts, (text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(printable(text)))
    expect(fc.check(clean)).toMatchObject({ failed: false })
  })
})

describe('fit', () => {
  it.each([
    ['orders', 6, 'orders'],
    ['orders', 5, 'orde…'],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['orders', 1, '…'],
    ['orders', 0, ''],
    ['orders', Infinity, 'orders'],
  ])('%j in %d columns is %j', (text, columns, shown) => {
    expect(fit(text, columns)).toBe(shown)
  })

  it('is never wider than it may be', () => {
    const narrow = fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, columns) => {
      return widthOf(fit(text, columns)) <= columns
    })
    expect(fc.check(narrow)).toMatchObject({ failed: false })
  })
})
