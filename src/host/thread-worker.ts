import { threadId } from 'node:worker_threads'
import type { ChannelEnd } from '../channel/transport.ts'
import { sharedRecord } from '../channel/activity.ts'
import { messageOf } from '../contract/describe-value.ts'
import { claimAddon } from './addon-claims.ts'
import type { AddonClaims } from './addon-claims.ts'
import { guardAddonLoads } from './addon-gate.ts'
import type { AddonGate } from './addon-gate.ts'
import { watchAddonLoads } from './addon-watch.ts'
import { watchChildProcesses } from './child-watch.ts'
import { ComponentRuntime } from './component-runtime.ts'
import type { FromWorkerMessage, ToWorkerMessage } from './control.ts'
import type { Compiled } from './packaged.ts'
import { threadChannels } from '../transport/thread.ts'

/** What a thread gets with its task. */
export interface TaskData {
  readonly end: ChannelEnd
  readonly addons: AddonGate
  readonly claims: AddonClaims
  /** Its own code (docs/decisions/one-file-for-workers.md); without it, the thread compiles that by itself. */
  compiled?: Compiled | undefined
}

/**
 * What every component's worker starts with: one task that lasts as long as the worker. Until `init` comes it is a spare.
 */
export async function serveThread({ end, addons, claims }: TaskData): Promise<never> {
  guardAddonLoads(addons)
  let runtime: ComponentRuntime | undefined
  const control = threadChannels.join(end)
  let refusesAddons = false
  watchAddonLoads(
    (addon) => control.post({ type: 'addon', addon } satisfies FromWorkerMessage),
    (addon) => {
      if (claimAddon(claims, addon, threadId) || !refusesAddons) return
      control.post({ type: 'addon-refused', addon } satisfies FromWorkerMessage)
      throw new Error(`${addon} does not bear a second load in a thread of this process`)
    },
  )
  watchChildProcesses((news) => control.post({ type: 'child-process', news } satisfies FromWorkerMessage))
  control.receive({
    frame: (frame) => {
      const message = frame as ToWorkerMessage
      if (message.type === 'init') {
        refusesAddons = message.refusesAddons
        if (!message.activity) throw new Error('A thread without a record of what it is doing')
        const record = sharedRecord(message.activity)
        runtime = new ComponentRuntime(control, message, { channels: threadChannels, record })
        void runtime.load()
      } else runtime?.receive(message)
    },
    unreadable: (cause) => {
      // Of what the main thread says only `init` has anything in it that could be nested too deep for this thread's stack.
      if (!runtime) control.post({ type: 'init-unreadable', why: messageOf(cause) } satisfies FromWorkerMessage)
    },
  })
  control.post({ type: 'online' } satisfies FromWorkerMessage)
  return new Promise<never>(() => {})
}
