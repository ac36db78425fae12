/** Aborted by SIGINT, SIGTERM, by q or Ctrl-C on a terminal, and when whoever reads the output has had enough. */
export interface Ending extends Disposable {
  readonly signal: AbortSignal
}

const keys = new Set(['q', 'Q', '\u0003'])

export function listenForEnd({ stdin, stdout }: Pick<NodeJS.Process, 'stdin' | 'stdout'>): Ending {
  const controller = new AbortController()
  const end = (): void => controller.abort()
  const pressed = (data: Buffer): void => {
    if (keys.has(data.toString())) end()
  }
  const failed = (error: NodeJS.ErrnoException): void => {
    // `spillway top ... | head`
    if (error.code !== 'EPIPE') throw error
    end()
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  stdout.on('error', failed)
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
