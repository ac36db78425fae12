import { messageOf } from '../../contract/describe-value.ts'
import { encodeError } from '../../channel/error-codec.ts'
import { watchAddonLoads } from '../addon-watch.ts'
import { ComponentRuntime } from '../component-runtime.ts'
import type { FromWorkerMessage, ToWorkerMessage } from '../control.ts'
import { workerBegins } from '../worker-begins.ts'
import { postReadable } from '../readable-message.ts'
import { WrittenRecord } from './activity-file.ts'
import { ProcessLink } from '../../transport/process/link.ts'

// What it inherits, in this order after stdin, stdout and stderr:
const channel = 3
const activity = 4

/** ms for which it waits, when it ends, for its host to take what it has said. Guessed: as long as a busy program may be deaf. */
const lastPatience = 5_000

/** What every component's process starts with. Until `init` comes it is a spare. */
export function serveProcess(): void {
  workerBegins()
  const link = new ProcessLink(channel)
  // It lives for as long as there is somebody to serve.
  link.ref()
  link.onClose(() => {
    // What it has started goes with it, also where nobody is left to see to that.
    process.on('exit', endGroup)
    process.exit()
  })

  const { control, channels } = link
  watchAddonLoads((addon) => control.post({ type: 'addon', addon } satisfies FromWorkerMessage))
  let runtime: ComponentRuntime | undefined
  control.receive({
    frame: (frame) => {
      const message = frame as ToWorkerMessage
      if (message.type === 'init') {
        process.title = `spillway: ${message.name}`
        runtime = new ComponentRuntime(control, message, { channels, record: new WrittenRecord(activity) })
        void runtime.load()
      } else runtime?.receive(message)
    },
    unreadable: (cause) => {
      // Of what the host says only `init` has anything in it that could be nested too deep for this process's stack.
      if (!runtime) control.post({ type: 'init-unreadable', why: messageOf(cause) } satisfies FromWorkerMessage)
    },
  })

  // As in a thread, what nobody catches is told to those who wait for an answer, and not printed.
  process.on('uncaughtExceptionMonitor', (error) => {
    if (process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback()) return
    const component = runtime?.name ?? 'unknown'
    postReadable(control, component, { type: 'uncaught', error: encodeError(error, component) })
    process.exit(1)
  })
  // Before what the component does then: what it logs there still arrives.
  process.on('exit', () => link.finish(lastPatience))

  control.post({ type: 'online' } satisfies FromWorkerMessage)
}

/** Itself included. */
function endGroup(): void {
  try {
    process.kill(-process.pid, 'SIGKILL')
  } catch {
    // On Windows there are no process groups.
  }
}
