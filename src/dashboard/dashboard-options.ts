import { isIP } from 'node:net'
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

export interface DashboardOptions {
  /** Address to listen on. Default '127.0.0.1'; any that other machines reach needs a `token`. */
  readonly host?: string
  /** Default 8080; 0: any that is free. */
  readonly port?: number
  /** What actions ask for and, where other machines reach the dashboard, all that shows figures: `Authorization: Bearer <token>`. */
  readonly token?: string | undefined
  /** Whether components can be loaded, unloaded and so on from it. Needs a `token`. Default false. */
  readonly actions?: boolean
  /** Names beside `host` and the local ones that browsers and scrapers may know it by, without port. Default none. */
  readonly allowedHosts?: readonly string[]
  /** Event streams open at a time; whoever comes then gets the place of one that gives no sign of life, or is refused. Default 50. */
  readonly maxViewers?: number
  /** What `/metrics` gives. Default: a registry of its own with the coordinator's metrics, if prom-client is installed. */
  readonly registry?: AnyRegistry
  /** Is told of every action. Default: nobody. */
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
    token: expectOptional(options.token, (token) => expectString('token', token)),
    actions,
    allowedHosts: expectStrings('allowedHosts', orDefault(options.allowedHosts, [])).map((name) => name.toLowerCase()),
    maxViewers: expectInteger('maxViewers', orDefault(options.maxViewers, 50), { min: 1, max: 10_000 }),
    registry: options.registry,
    logger: options.logger,
  }
}

/** @throws InvalidOptionsError when there is no token and there has to be one. */
export function checkReach({ host, token, actions }: ResolvedDashboardOptions): void {
  if (token !== undefined) return
  if (!isLoopback(host)) {
    throw new InvalidOptionsError('token', `a token, since other machines can reach the host "${host}"`, token)
  }
  if (actions) throw new InvalidOptionsError('token', 'a token, since actions are enabled', token)
}

/** True for an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '')
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}
