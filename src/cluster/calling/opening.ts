import { afterPatience } from '../../base/deadline.ts'
import type { Transport } from '../../channel/transport.ts'
import { AfterFirstFrame, readAnswer, requestFrame } from '../handshake.ts'
import type { Answer, Request } from '../handshake.ts'

/** A channel of which the other side has said what it makes of it; of a served one `transport` carries the calls. */
export type Opened =
  | { readonly status: 'answered'; readonly answer: Answer; readonly transport: Transport }
  /** The channel was closed, or nothing came in time, or nothing that makes sense. */
  | { readonly status: 'unanswered'; readonly why: string }

/**
 * Asks for something on a channel that was just made. Whoever calls closes it, whatever comes of it.
 *
 * @param patience ms to wait for the answer.
 */
export async function open(channel: Transport, request: Request, patience: number): Promise<Opened> {
  const { promise, resolve } = Promise.withResolvers<Opened>()
  const transport = new AfterFirstFrame(channel, (frame) => {
    const answer = readAnswer(frame)
    if (answer) resolve({ status: 'answered', answer, transport })
    else resolve({ status: 'unanswered', why: 'it answered with what is no answer' })
  })
  const stopListening = channel.onClose(() => resolve({ status: 'unanswered', why: 'the connection to it was lost' }))
  const cancel = afterPatience(patience, () =>
    resolve({ status: 'unanswered', why: `it did not answer within ${patience} ms` }),
  )
  channel.post(requestFrame(request))
  try {
    return await promise
  } finally {
    cancel()
    stopListening()
  }
}
