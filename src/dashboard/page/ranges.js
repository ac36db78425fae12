import { html } from './html.js'
import { useOption } from './route.js'

/** How far back a plot shows: as the address has it, its words, ms. */
/** @type {readonly { id: string, label: string, span: number }[]} */
export const ranges = [
  { id: '1m', label: '1 min', span: 60_000 },
  { id: '5m', label: '5 min', span: 300_000 },
  { id: '15m', label: '15 min', span: 900_000 },
  { id: '1h', label: '1 h', span: 3_600_000 },
  { id: '3h', label: '3 h', span: 10_800_000 },
  { id: '24h', label: '24 h', span: 86_400_000 },
]

/**
 * The range in the address, and how to choose another.
 *
 * @param {string} usual
 * @returns {[{ id: string, label: string, span: number }, (id: string) => void]}
 */
export function useRange(usual) {
  const [id, choose] = useOption('range', usual)
  const range = ranges.find((each) => each.id === id) ?? ranges.find((each) => each.id === usual)
  if (!range) throw new Error(`There is no range "${usual}"`)
  return [range, choose]
}

/**
 * The shortest range that reaches back so many ms.
 *
 * @param {number} back
 */
export function reaching(back) {
  return (ranges.find(({ span }) => span >= back) ?? ranges.at(-1))?.span ?? back
}

/** @param {{ pressed: string, onChoose: (id: string) => void }} props `pressed`: the id, '' for none. */
export function RangeButtons({ pressed, onChoose }) {
  return ranges.map(
    ({ id, label }) =>
      html`<button key=${id} aria-pressed=${pressed === id} onClick=${() => onChoose(id)}>${label}</button>`,
  )
}
