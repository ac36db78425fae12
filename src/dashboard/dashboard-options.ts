import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { InvalidOptionsError } from '../contract/errors.ts'
import type { AnyRegistry } from '../metrics/index.ts'
import type { Logger } from '../contract/logger.ts'
import {
  expectInteger,
  expectKnown,
  expectOneOf,
  expectOptional,
  expectRecord,
  expectString,
  expectStrings,
  orDefault,
} from '../base/option-checks.ts'
import { isLoopbackAddress, isLoopbackName, normalName } from './reach.ts'

/** Characters of a token where other machines can try one. Guessed: 16 random hexadecimal ones are 64 bits, more than anybody tries over a network. */
const leastToken = 16
/** Different characters of a token that looks made at random. Guessed: of tokens of 16 random hexadecimal ones one in a hundred has fewer, of those of 32 none. */
const leastDistinct = 8
/** Characters that a token may have: more is no secret, but something else by mistake. */
const mostToken = 1_024
const howToMakeOne = '`openssl rand -hex 16` makes one, or randomBytes(16).toString("hex") of node:crypto'

export interface DashboardOptions {
  /** Address to listen on. Default '127.0.0.1'; any that other machines reach needs a `token`. */
  readonly host?: string
  /** Default 8080; 0: any that is free. */
  readonly port?: number
  /**
   * What actions ask for and, see `figures`, all that shows figures: `Authorization: Bearer <token>`. Of ASCII, 1,024 characters at the most; where other
   * machines reach the dashboard 16 or more.
   */
  readonly token?: string | undefined
  /**
   * Who needs the token for figures. 'local': not who asks on this machine by a local name and through no proxy, as long as `host` and `allowedHosts` name
   * nothing by which other machines reach it. 'token': everybody; it needs a `token`. Default 'local'.
   */
  readonly figures?: 'local' | 'token'
  /** Whether components can be loaded, unloaded and so on from it. Needs a `token`. Default false. */
  readonly actions?: boolean
  /** Names beside `host` and the local ones that browsers and scrapers may know it by, without port: that of a proxy, say. All but local ones need a `token`, and then figures need it from everybody. Default none. */
  readonly allowedHosts?: readonly string[]
  /** Event streams open at a time; whoever comes then gets the place of one that gives no sign of life, or is refused. Default 50. */
  readonly maxViewers?: number
  /** What `/metrics` gives. Default: a registry of its own with the coordinator's metrics, if prom-client is installed. */
  readonly registry?: AnyRegistry
  /** Is told of every action and every refusal. Default: the coordinator's own. */
  readonly logger?: Logger
}

export interface ResolvedDashboardOptions {
  readonly host: string
  readonly port: number
  readonly token: string | undefined
  readonly figures: 'local' | 'token'
  readonly actions: boolean
  readonly allowedHosts: readonly string[]
  readonly maxViewers: number
  readonly registry: AnyRegistry | undefined
  readonly logger: Logger | undefined
}

const known = ['host', 'port', 'token', 'figures', 'actions', 'allowedHosts', 'maxViewers', 'registry', 'logger']

/** @throws InvalidOptionsError for each option by itself; see `checkReach` for what must fit together. */
export function resolveDashboardOptions(options: DashboardOptions): ResolvedDashboardOptions {
  expectRecord('options', options)
  expectKnown(options, known)
  const { actions = false } = options
  if (typeof actions !== 'boolean') throw new InvalidOptionsError('actions', 'true or false', actions)
  const figures = expectOneOf('figures', orDefault(options.figures, 'local'), ['local', 'token'])
  const host = expectString('host', orDefault(options.host, '127.0.0.1'))
  const allowedHosts = expectStrings('allowedHosts', orDefault(options.allowedHosts, []), expectHostName)
  const token = expectOptional(options.token, expectToken)
  if (figures === 'token' && token === undefined) {
    throw new InvalidOptionsError('token', `a token, since figures is 'token' (${howToMakeOne})`, token)
  }
  return {
    host,
    port: expectInteger('port', orDefault(options.port, 8080), { min: 0, max: 65_535 }),
    token,
    figures,
    actions,
    allowedHosts,
    maxViewers: expectInteger('maxViewers', orDefault(options.maxViewers, 50), { min: 1, max: 10_000 }),
    registry: options.registry,
    logger: options.logger,
  }
}

/** @throws InvalidOptionsError when there is no token and there has to be one, or a longer one. */
export function checkReach(options: ResolvedDashboardOptions): void {
  const { host, allowedHosts, token, actions } = options
  const outside = whyOutside(host, allowedHosts)
  if (outside !== undefined && (token === undefined || !isLongToken(token))) {
    // Not what was given: errors are logged.
    const given = token === undefined ? token : token.replaceAll(/./g, '*')
    throw new InvalidOptionsError(
      'token',
      `a token of ${leastToken} characters or more, since ${outside} (${howToMakeOne})`,
      given,
    )
  }
  if (actions && token === undefined) {
    throw new InvalidOptionsError('token', `a token, since actions are enabled (${howToMakeOne})`, token)
  }
}

/** True when everybody needs the token for figures. */
export function guardsFigures({ figures, host, allowedHosts }: ResolvedDashboardOptions): boolean {
  return figures === 'token' || whyOutside(host, allowedHosts) !== undefined
}

/** Too long for anybody to guess it, if it is made as it should be. */
export function isLongToken(token: string): boolean {
  return token.length >= leastToken
}

/** What is wrong with the token, though it is taken: it is short, or others can try it and it is long but does not look made at random. */
export function weakness({ host, allowedHosts, token }: ResolvedDashboardOptions): string | undefined {
  if (token === undefined) return undefined
  if (!isLongToken(token)) {
    return 'the token of the dashboard has fewer than 16 characters: whoever has an account on this machine may guess it'
  }
  if (whyOutside(host, allowedHosts) === undefined || !isPlain(token)) return undefined
  return 'the token of the dashboard is made of words, or of few different characters: other machines may guess it'
}

/** Of few different characters, or of words, perhaps with a number at the end. */
function isPlain(token: string): boolean {
  return (
    new Set(token).size < leastDistinct ||
    /^[A-Z]?[a-z]+(?:(?:[^A-Za-z\d]+[A-Z]?|[A-Z])[a-z]+)*[^A-Za-z\d]*\d{0,4}$/.test(token)
  )
}

/** True for an address to listen on that only this machine reaches. */
export function isLoopback(host: string): boolean {
  const name = normalName(host)
  return name === 'localhost' || isLoopbackAddress(name)
}

function whyOutside(host: string, allowedHosts: readonly string[]): string | undefined {
  if (!isLoopback(host)) return `other machines can reach the host "${host}"`
  const name = allowedHosts.find((each) => !isLoopbackName(each))
  return name === undefined ? undefined : `allowedHosts has "${name}", by which other machines can reach it`
}

/** What a header can carry, and no proxy takes off at its ends. */
function expectToken(token: unknown): string {
  const given = expectString('token', token)
  if (given.length > mostToken) {
    throw new InvalidOptionsError(
      'token',
      `${mostToken} characters at the most (${howToMakeOne})`,
      `${given.length} of them`,
    )
  }
  if (/^[!-~](?:[ -~]*[!-~])?$/.test(given)) return given
  throw new InvalidOptionsError(
    'token',
    `printable characters of ASCII, without spaces at the ends (${howToMakeOne})`,
    '*'.repeat(given.length),
  )
}

/** As browsers send it. */
function expectHostName(option: string, value: unknown): string {
  const name = normalName(expectString(option, value))
  if (isIP(name) !== 0) return name
  const ascii = /[*/?#@\s]/.test(name) ? '' : domainToASCII(name)
  if (ascii !== '') return ascii
  throw new InvalidOptionsError(option, 'the name of a host, without scheme, port and path', value)
}
