import { encodeError } from '../../channel/error-codec.ts'
import type { CallbackLinks } from '../../channel/marshal.ts'
import { NotBegun } from '../../channel/not-begun.ts'
import { MethodTable } from '../../channel/method-table.ts'
import type { ServedMethods } from '../../channel/method-table.ts'
import type { ServedMeter } from '../../channel/served-calls.ts'
import { ServedConnection } from '../../channel/served-connection.ts'
import type { Transport } from '../../channel/transport.ts'
import { ComponentNotFoundError, NoHostError, StaleOwnerError } from '../../contract/errors.ts'
import type { SpillwayError } from '../../contract/errors.ts'
import { AfterFirstFrame, answerFrame, readRequest } from '../handshake.ts'
import type { Answer, Request } from '../handshake.ts'
import { defaultsOf } from './defaults.ts'
import { Gate } from './gate.ts'
import { nameOf } from './keys.ts'
import type { Keys } from './keys.ts'
import type { Offers } from './offers.ts'

export interface HostServerOptions {
  readonly host: string
  readonly offers: Offers
  readonly keys: Keys
  readonly links: CallbackLinks
  /** What other hosts ask of this one. */
  readonly api: object
  /** Why this host takes nothing new; undefined: it does. */
  readonly closedBecause: () => string | undefined
  /** Why it serves nothing at all any more. */
  readonly gone: () => string | undefined
}

/** This host's side of the channels that others open: what they ask for is looked for among what is offered, and served through a gate. */
export class HostServer {
  readonly #options: HostServerOptions

  constructor(options: HostServerOptions) {
    this.#options = options
  }

  serve(channel: Transport): void {
    const closed = new AbortController()
    channel.onClose(() => closed.abort())
    const transport: AfterFirstFrame = new AfterFirstFrame(channel, (frame) => {
      const request = readRequest(frame)
      if (!request) channel.close()
      else void this.#answer(transport, request, closed.signal)
    })
  }

  async #answer(transport: Transport, request: Request, closed: AbortSignal): Promise<void> {
    let served: Served
    try {
      served = await this.#serve(request, closed)
    } catch (error) {
      served = { answer: { status: 'refused', why: encodeError(error, nameIn(request)) } }
    }
    if (closed.aborted) return
    // What is asked from now on comes after the answer.
    if (served.table) {
      const { table, meter } = served
      const api = { component: nameIn(request), table, links: this.#options.links, ...(meter && { meter }) }
      ServedConnection.open(transport, api)
    }
    transport.post(answerFrame(served.answer))
    if (!served.table) transport.close()
  }

  async #serve(request: Request, closed: AbortSignal): Promise<Served> {
    switch (request.kind) {
      case 'host':
        return { answer: { status: 'served', token: 0, defaults: plain }, table: new MethodTable(this.#options.api) }
      case 'component':
        return this.#component(request.name)
      case 'key':
        return this.#key(request, closed)
    }
  }

  #component(name: string): Served {
    const { offers } = this.#options
    const offered = offers.get(name)
    if (offered?.kind !== 'component') throw this.#notOffered(name)
    const { component, counts: meter } = offered
    this.#admit(name)
    const table = new Gate({
      caller: component.main.caller,
      admit: () => {
        try {
          if (offers.component(name) !== component) throw this.#notOffered(name)
          this.#admit(name)
        } catch (error) {
          throw new NotBegun(error)
        }
        return undefined
      },
    })
    return { answer: { status: 'served', token: 0, defaults: defaultsOf(component.definition) }, table, meter }
  }

  async #key({ family, key, gone }: Extract<Request, { kind: 'key' }>, closed: AbortSignal): Promise<Served> {
    const { offers, keys } = this.#options
    this.#expectHere(nameOf(family, key))
    const answer = await keys.ask(family, key, gone, closed)
    const component = offers.instanceIfAny(family, key)
    const meter = offers.get(family)?.counts
    if (answer.status !== 'served' || !component || !meter) return { answer }
    const table = new Gate({
      caller: component.main.caller,
      admit: () => {
        const fence = keys.admit(family, key, answer.token)
        // The instance of that time may have been released since, and another one made.
        if (offers.instanceIfAny(family, key) === component) return fence
        const { host } = this.#options
        throw new NotBegun(new StaleOwnerError(nameOf(family, key), answer.token, { host }))
      },
      failed: (why) => keys.failed(family, key, why),
    })
    return { answer, table, meter }
  }

  /** @throws NoHostError when nothing of it may be begun here now. */
  #admit(name: string): void {
    this.#expectHere(name)
    const closed = this.#options.closedBecause()
    if (closed !== undefined && this.#options.offers.component(name)?.isLoaded !== true)
      throw new NoHostError(name, closed)
  }

  #expectHere(name: string): void {
    const gone = this.#options.gone()
    if (gone !== undefined) throw new NoHostError(name, gone)
  }

  #notOffered(name: string): SpillwayError {
    return new NoHostError(name, `host "${this.#options.host}" does not offer it`, {
      cause: new ComponentNotFoundError(name),
    })
  }
}

interface Served {
  readonly answer: Answer
  readonly table?: ServedMethods
  readonly meter?: ServedMeter
}

const plain = { callTimeout: undefined, maxQueue: 1_000, idempotent: new Set<string>() }

function nameIn(request: Request): string {
  if (request.kind === 'host') return 'host'
  return request.kind === 'component' ? request.name : nameOf(request.family, request.key)
}
