/** Aborted by SIGINT, SIGTERM, and by q or Ctrl-C on a terminal. */
export interface Ending extends Disposable {
  readonly signal: AbortSignal
}

const escape = '\u001b'
const keys = new Set(['q', 'Q', '\u0003'])

/** A sequence that an arrow or the like sends, or a character. */
const keyPresses = new RegExp(`${escape}\\[[\\d;]*[~A-Z]|[^]`, 'gu')

/** @param onKey told of other keys. */
export function listenForEnd(
  { stdin, stdout }: Pick<NodeJS.Process, 'stdin' | 'stdout'>,
  onKey: (key: string) => void,
): Ending {
  const controller = new AbortController()
  const end = (): void => controller.abort()
  const pressed = (data: Buffer): void => {
    // Some may come together; those that arrows send are several characters.
    for (const [key] of data.toString().matchAll(keyPresses)) {
      if (keys.has(key)) end()
      else onKey(key)
    }
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  const keyboard = stdin.isTTY && stdout.isTTY
  if (keyboard) {
    // Else what is typed would show up between the figures.
    stdin.setRawMode(true)
    stdin.on('data', pressed)
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      process.off('SIGINT', end)
      process.off('SIGTERM', end)
      if (!keyboard) return
      stdin.off('data', pressed)
      stdin.setRawMode(false)
      stdin.pause()
    },
  }
}
