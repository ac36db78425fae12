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
import type { Compiled } from './compiled-core.ts'
import { workerBegins } from './worker-begins.ts'
import { portOf, threadChannels } from '../transport/thread.ts'

/** What a thread is given when it starts. */
export interface ThreadData {
  readonly end: ChannelEnd
  readonly addons: AddonGate
  readonly claims: AddonClaims
}

/** What comes first on its port: its code (docs/decisions/few-files.md); without it, the thread compiles that by itself. */
export interface OwnCode {
  readonly compiled: Compiled | undefined
}

/** What every component's thread does for as long as it lives. Until `init` comes it is a spare. */
export function serveThread({ end, addons, claims }: ThreadData): void {
  workerBegins()
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
  process.on('exit', (code) => control.post({ type: 'exiting', code } satisfies FromWorkerMessage))
  // Nothing else may keep the thread.
  portOf(end).ref()
  control.post({ type: 'online' } satisfies FromWorkerMessage)
}
