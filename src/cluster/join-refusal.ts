import { messageOf } from '../contract/describe-value.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { tooFewServers } from './claims/claim-bucket.ts'
import type { ResolvedClusterOptions } from './cluster-options.ts'

/** What NATS's packages reject with; by name, as the connection may be of another copy of them. */
const natsErrors: readonly string[] = [
  'AuthorizationError',
  'ClosedConnectionError',
  'ConnectionError',
  'DrainingConnectionError',
  'JetStreamApiError',
  'JetStreamError',
  'JetStreamNotEnabled',
  'JetStreamStatusError',
  'NoResponders',
  'PermissionViolationError',
  'ProtocolError',
  'RequestError',
  'StreamNotFoundError',
  'TimeoutError',
]

/** An error of NATS's own with which joining failed, as one that names the option; any other as it is. */
export function joinRefusal(error: unknown, { connect: given, replicas }: ResolvedClusterOptions): unknown {
  if (!(error instanceof Error) || !natsErrors.includes(error.name)) return error
  if (replicas !== undefined && tooFewServers.includes((error as { readonly code?: unknown }).code)) {
    const expected = `no more than there are servers with JetStream (${messageOf(error)})`
    return new InvalidOptionsError('replicas', expected, replicas, { cause: error })
  }
  const [option, got] = 'servers' in given ? ['servers', given.servers.join(', ')] : ['connection', given.getServer()]
  const user = 'servers' in given ? given.nats?.user : undefined
  const why = refusedSubject(error, user) ?? messageOf(error)
  return new InvalidOptionsError(option, `servers on which this host may do what it must (${why})`, got, {
    cause: error,
  })
}

/** Where it is a matter of permissions. */
function refusedSubject(error: Error, user: string | undefined): string | undefined {
  const violation = [error, error.cause].find(
    (each): each is Error & { readonly subject: string; readonly operation: string } =>
      each instanceof Error && each.name === 'PermissionViolationError',
  )
  if (violation === undefined) return undefined
  const who = user === undefined ? 'this user' : `user "${user}"`
  return `the server's permissions for ${who} do not cover the ${violation.operation} of subject "${violation.subject}"`
}
