/**
 * Where the page is stands in the fragment of its address, which goes to no server: `#/` is the overview, `#/component/<name>` one component; what is
 * chosen there follows as `?range=1h&sort=-memory`. A link may bring the token, which is taken out of the address and the history at once:
 * `#token=...`, `#token=...&to=/component/x?range=1h`, or `#/component/x?token=...`.
 *
 * @typedef {{ readonly component: string | undefined, readonly options: URLSearchParams }} Route
 */

/**
 * A fragment without the token that it brought.
 *
 * @param {string} fragment with its #
 * @returns {{ readonly fragment: string, readonly token: string | undefined }}
 */
export function withoutToken(fragment) {
  const alone = /^#token=([^&]*)(?:&to=(.*))?$/.exec(fragment)
  if (alone) {
    const to = plain(alone[2] ?? '', /^%2f/i)
    return { fragment: to.startsWith('/') ? `#${to}` : '#/', token: plain(alone[1] ?? '') }
  }
  const [path = '', query = ''] = fragment.split(/\?(.*)/s)
  const pairs = query.split('&')
  const token = pairs.find((pair) => pair.startsWith('token='))?.slice('token='.length)
  if (token === undefined) return { fragment, token }
  const rest = pairs.filter((pair) => !pair.startsWith('token=')).join('&')
  return { fragment: rest ? `${path}?${rest}` : path, token: plain(token) }
}

/**
 * Decoded where it can be, and where it is what is asked for.
 *
 * @param {string} text
 */
function plain(text, encoded = /%/) {
  try {
    return encoded.test(text) ? decodeURIComponent(text) : text
  } catch {
    return text
  }
}

/**
 * @param {string} fragment
 * @returns {Route}
 */
export function routeOf(fragment) {
  const [path = '', query = ''] = fragment.split(/\?(.*)/s)
  const name = /^#\/component\/(.+)$/s.exec(path)?.[1]
  return { component: name === undefined ? undefined : plain(name), options: new URLSearchParams(query) }
}

/**
 * The address of a component's page.
 *
 * @param {string} name
 */
export function componentLink(name) {
  return `#/component/${encodeURIComponent(name)}`
}
