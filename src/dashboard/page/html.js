import { h } from 'preact'
import htm from 'htm'

export const html = htm.bind(h)

/**
 * A listener that hands on what its field holds.
 *
 * @param {(value: string) => void} use
 * @returns {(event: { currentTarget: HTMLInputElement | HTMLSelectElement }) => void}
 */
export const withValue =
  (use) =>
  ({ currentTarget }) =>
    use(currentTarget.value)
