import type { Logger } from '../contract/logger.ts'
import { LiveState } from '../live/live-state.ts'
import { LiveStream } from '../live/live-stream.ts'
import { Places } from '../live/places.ts'
import type { Operated } from '../live/observed.ts'
import type { LogTap, TappedLine } from '../observability/log-tap.ts'
import { ControlServer } from './control-server.ts'
import { LogRing } from './log-ring.ts'
import { routesOf } from './routes.ts'
import { openRuntimeFolder } from './runtime-folder.ts'

/** Who may look on at a time, by `top` or `logs --follow`. Guessed: a few terminals. */
const mostStaying = 16

export interface ControlParts {
  readonly coordinator: Operated
  readonly logger: Logger
  /** Of that logger. */
  readonly tap: LogTap
  /** What was logged before. */
  readonly early: readonly TappedLine[]
}

/** Lets this user's command line look at a coordinator and act on it, until it is disposed of. @throws Error that says what to do. */
export async function openControl({ coordinator, logger, tap, early }: ControlParts): Promise<AsyncDisposable> {
  await using opening = new AsyncDisposableStack()
  const failed = (error: unknown): void => logger.error({ err: error }, 'the command line could not be sent figures')
  const stream: LiveStream = new LiveStream(coordinator, () => state, failed)
  const state: LiveState = opening.use(new LiveState(coordinator, true, () => stream.soon()))
  const log = opening.use(new LogRing(tap, early))
  const places = opening.use(new Places({ most: mostStaying }))
  const server = opening.use(new ControlServer(routesOf({ coordinator, logger, state, stream, log, places })))
  opening.defer(() => stream.close())
  const socket = await server.listen(openRuntimeFolder())
  logger.debug({ socket }, 'the command line may attach: npx spillway ps')
  return opening.move()
}
