import { h } from 'preact'
import htm from 'htm'
import { plainText } from './plain-text.js'

/** Attributes that are read by people. */
const read = ['title', 'aria-label', 'aria-valuetext']

/**
 * @param {unknown} child
 * @returns {any} what preact takes as a child; whatever is shown comes by here.
 */
function shown(child) {
  if (typeof child === 'string') return plainText(child)
  return Array.isArray(child) ? child.map(shown) : child
}

/**
 * @param {any} type
 * @param {Record<string, unknown> | null} props
 * @param {readonly unknown[]} children
 */
function element(type, props, ...children) {
  if (typeof type === 'string' && props) {
    for (const name of read) if (typeof props[name] === 'string') props[name] = plainText(props[name])
  }
  return h(type, props, ...children.map(shown))
}

export const html = htm.bind(element)

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
