import { stripVTControlCharacters } from 'node:util'

/** Control characters, invisible ones that turn the direction of writing or join letters, and separators of lines. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Text of others as it may be written to a terminal: nothing in it moves the cursor, changes colours or asks for anything. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(unprintable, '\ufffd')
}

/** One column for most characters, two for those of East Asia and emoji, none for marks that combine. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += widthOfCharacter(character)
  return width
}

/** As much of the text as fits into so many columns, with an ellipsis where something is missing. */
export function fit(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let [cut, width] = ['', 0]
  for (const character of text) {
    width += widthOfCharacter(character)
    if (width > columns - 1) break
    cut += character
  }
  return columns < 1 ? '' : `${cut}…`
}

function widthOfCharacter(character: string): number {
  if (/\p{Mark}/u.test(character)) return 0
  return wide.test(character) ? 2 : 1
}

/** East Asian wide and fullwidth blocks, and pictographs (Unicode Standard Annex 11, in coarse ranges). */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u
