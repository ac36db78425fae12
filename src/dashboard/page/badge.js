import { html } from './html.js'
import { kindWords } from './urgent.js'

/** Drawn in a square of 16, so that no badge is told by its colour alone. */
/** @type {Readonly<Record<string, string>>} */
const icons = {
  'out-of-room': 'M2 13h12M3 9h10M4 5h8',
  stuck: 'M8 2a6 6 0 1 0 .1 0M8 5v3.5l2.5 1.5',
  failing: 'M4 4l8 8M12 4l-8 8',
  growing: 'M2 12l4-4 3 3 5-7M10 4h4v4',
  thrashing: 'M3 5h10l-3-3M13 11H3l3 3',
}

const other = 'M8 3v6M8 12.5v.5'

/**
 * What is wrong, as a word with a sign.
 *
 * @param {{ kind: string, times?: number }} props
 */
export function Badge({ kind, times = 1 }) {
  return html`<span class=${`badge badge-${kind}`}
    ><svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true"><path d=${icons[kind] ?? other} /></svg
    >${kindWords(kind)}${times > 1 ? ` ${times}` : ''}</span
  >`
}
