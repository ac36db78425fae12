import { once } from 'node:events'
import { onTestFinished } from 'vitest'

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: { readonly sessionId?: string; readonly message?: string }
}

export interface DebugSession {
  /** It stands at a breakpoint. */
  paused(): Promise<void>
  resume(): void
}

/** A debugger as Chrome's or VS Code's, connected to an inspector, of whose workers it debugs the first, as they do, or the process itself. */
export async function debuggerAt(url: string, what: 'itself' | 'its first worker'): Promise<DebugSession> {
  const socket = new WebSocket(url)
  onTestFinished(() => socket.close())
  const stopped = Promise.withResolvers<void>()
  const enabled = Promise.withResolvers<void>()
  let worker: string | undefined
  let id = 0

  function send(method: string, params: object = {}): void {
    socket.send(JSON.stringify({ id: ++id, method, params }))
  }
  function toTarget(method: string): void {
    if (what === 'itself') return send(method)
    send('NodeWorker.sendMessageToWorker', { sessionId: worker, message: JSON.stringify({ id: 1, method }) })
  }
  function heard({ method, id: answered }: Message): void {
    if (method === 'Debugger.paused') stopped.resolve()
    // The answer to the first question.
    if (answered === 1) enabled.resolve()
  }

  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message
    if (what === 'itself') heard(message)
    else if (message.method === 'NodeWorker.attachedToWorker') {
      worker ??= message.params?.sessionId
      toTarget('Debugger.enable')
    } else if (message.method === 'NodeWorker.receivedMessageFromWorker') {
      heard(JSON.parse(message.params?.message ?? '{}') as Message)
    }
  })
  await once(socket, 'open')
  if (what === 'itself') toTarget('Debugger.enable')
  else send('NodeWorker.enable', { waitForDebuggerOnStart: false })
  await enabled.promise
  return { paused: async () => stopped.promise, resume: () => toTarget('Debugger.resume') }
}
