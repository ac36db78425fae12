import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { InvalidOptionsError } from '../contract/errors.ts'
import type { AnyRegistry } from '../metrics/index.ts'
import type { Logger } from '../contract/logger.ts'
import {
  expectInteger,
  expectKnown,
  expectOptional,
  expectRecord,
  expectString,
  expectStrings,
  orDefault,
} from '../base/option-checks.ts'
import { isLoopbackAddress, isLoopbackName, normalName } from './reach.ts'

/** Characters of a token where other machines can try one. Guessed: 16 random hexadecimal ones are 64 bits, more than anybody tries over a network. */
const leastToken = 16
const howToMakeOne = '`openssl rand -hex 16` makes one, or randomBytes(16).toString("hex") of node:crypto'

export interface DashboardOptions {
  /** Address to listen on. Default '127.0.0.1'; any that other machines reach needs a `token`. */
  readonly host?: string
  /** Default 8080; 0: any that is free. */
  readonly port?: number
  /**
   * What actions ask for and, unless somebody on this machine asks by a local name and through no proxy, all that shows figures: `Authorization: Bearer
   * <token>`. Where other machines reach the dashboard it has 16 characters or more, of ASCII.
   */
  readonly token?: string | undefined
  /** Whether components can be loaded, unloaded and so on from it. Needs a `token`. Default false. */
  readonly actions?: boolean
  /** Names beside `host` and the local ones that browsers and scrapers may know it by, without port: that of a proxy, say. All but local ones need a `token`. Default none. */
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
  readonly actions: boolean
  readonly allowedHosts: readonly string[]
  readonly maxViewers: number
  readonly registry: AnyRegistry | undefined
  readonly logger: Logger | undefined
}

const known = ['host', 'port', 'token', 'actions', 'allowedHosts', 'maxViewers', 'registry', 'logger']

/** @throws InvalidOptionsError for each option by itself; see `checkReach` for what must fit together. */
export function resolveDashboardOptions(options: DashboardOptions): ResolvedDashboardOptions {
  expectRecord('options', options)
  expectKnown(options, known)
  const { actions = false } = options
  if (typeof actions !== 'boolean') throw new InvalidOptionsError('actions', 'true or false', actions)
  return {
    host: expectString('host', orDefault(options.host, '127.0.0.1')),
    port: expectInteger('port', orDefault(options.port, 8080), { min: 0, max: 65_535 }),
    token: expectOptional(options.token, expectToken),
    actions,
    allowedHosts: expectStrings('allowedHosts', orDefault(options.allowedHosts, []), expectHostName),
    maxViewers: expectInteger('maxViewers', orDefault(options.maxViewers, 50), { min: 1, max: 10_000 }),
    registry: options.registry,
    logger: options.logger,
  }
}

/** @throws InvalidOptionsError when there is no token and there has to be one, or a longer one. */
export function checkReach(options: ResolvedDashboardOptions): void {
  const { token, actions } = options
  const outside = whyOutside(options)
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

/** Too long for anybody to guess it, if it is made as it should be. */
export function isLongToken(token: string): boolean {
  return token.length >= leastToken
}

/** True for an address to listen on that only this machine reaches. */
export function isLoopback(host: string): boolean {
  const name = normalName(host)
  return name === 'localhost' || isLoopbackAddress(name)
}

function whyOutside({ host, allowedHosts }: ResolvedDashboardOptions): string | undefined {
  if (!isLoopback(host)) return `other machines can reach the host "${host}"`
  const name = allowedHosts.find((each) => !isLoopbackName(each))
  return name === undefined ? undefined : `allowedHosts has "${name}", by which other machines can reach it`
}

/** What a header can carry, and no proxy takes off at its ends. */
function expectToken(token: unknown): string {
  const given = expectString('token', token)
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
