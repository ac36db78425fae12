/** ms: npm passes on a Ctrl-C that the terminal has sent to everybody, so that one may come twice. */
const sameKeyPress = 1_000

/**
 * Aborted by the first SIGINT or SIGTERM; one more, later, ends the process without further ado.
 *
 * @param timeout ms after which it is aborted in any case.
 */
export function stopSignal(timeout?: number): AbortSignal {
  const controller = new AbortController()
  let first: number | undefined
  const stop = (): void => {
    const now = performance.now()
    first ??= now
    if (now - first > sameKeyPress) process.exit(130)
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return timeout === undefined ? controller.signal : AbortSignal.any([controller.signal, AbortSignal.timeout(timeout)])
}
