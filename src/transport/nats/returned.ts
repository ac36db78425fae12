import type { Msg } from '@nats-io/transport-node'

/** Status of what the server sends to the reply subject when nobody has the subject that something was sent to. */
const noResponders = 503

/** Where a packet is told of that came back. */
export interface Returned {
  readonly link: number
  readonly position: number
}

/**
 * Subjects to which packets come back: they are below the host's own, so that whoever may hear what is sent to it hears these, and nobody else has to be
 * allowed to publish to them.
 */
export class ReturnSubjects {
  readonly #prefix: string

  constructor(subject: string, session: string) {
    this.#prefix = `${subject}.back.${session}.`
  }

  get all(): string {
    return `${this.#prefix}*.*`
  }

  subject(link: number, position: number): string {
    return `${this.#prefix}${link}.${position}`
  }

  /** undefined: somebody else has answered. */
  read(message: Msg): Returned | undefined {
    if (message.headers?.code !== noResponders || message.data.length > 0) return undefined
    const [link, position] = message.subject.slice(this.#prefix.length).split('.').map(Number)
    return Number.isSafeInteger(link) && Number.isSafeInteger(position)
      ? { link: link as number, position: position as number }
      : undefined
  }
}
