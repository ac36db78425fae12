import type { ComponentDefinition, RecycleOptions, RestartOptions } from '../contract/component-definition.ts'
import type { FamilyMembership } from '../contract/family-limits.ts'
import type { ResourceLimits } from 'node:worker_threads'
import { clone } from '../channel/clone-guard.ts'
import { messageOf } from '../contract/describe-value.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { smallestMemoryLimit } from '../contract/passed-limit.ts'
import { resolveHibernateOptions } from './hibernation.ts'
import type { ResolvedRecycle } from './recycle-policy.ts'
import { resolveInstances } from './instances.ts'
import type { ResolvedInstances } from './instances.ts'
import type { ResolvedHibernateOptions } from './hibernation.ts'
import { moduleUrl } from '../host/module-url.ts'
import {
  expectInteger,
  expectKnown,
  expectMemberName,
  expectMethod,
  expectName,
  expectNumber,
  expectOneOf,
  expectOptional,
  expectRecord,
  expectString,
  expectStrings,
  orDefault,
} from '../base/option-checks.ts'
import type { Bounds } from '../base/option-checks.ts'
import { ownModule } from '../base/package-files.ts'
import { expectSize } from '../base/size.ts'

/** Defaults that a coordinator sets for all its components. */
export interface DefinitionDefaults {
  /** ms to load. */
  readonly load: number
  /** ms for each call; undefined: none. */
  readonly call: number | undefined
  /** ms for the dispose hook. */
  readonly dispose: number
}

/** A definition with everything checked and filled in. */
export interface ResolvedDefinition {
  readonly name: string
  readonly type: string
  readonly module: string
  readonly export: string
  readonly config: unknown
  /** The optional ones included. */
  readonly dependencies: readonly string[]
  readonly optionalDependencies: readonly string[]
  readonly memoryEstimate: number
  readonly priority: number
  readonly timeout: number
  readonly callTimeout: number | undefined
  readonly watchdog: number | undefined
  readonly maxQueue: number
  readonly instances: ResolvedInstances
  readonly recycle: ResolvedRecycle | undefined
  readonly idempotent: ReadonlySet<string>
  readonly resourceLimits: ResourceLimits | undefined
  readonly memoryLimit: number | undefined
  readonly minIdleTime: number | undefined
  readonly idleTimeout: number | undefined
  readonly pinned: boolean
  readonly disposeTimeout: number
  readonly restart: Required<RestartOptions>
  /** `isAsked`: the definition has it. */
  readonly hibernate: ResolvedHibernateOptions & { readonly isAsked: boolean }
  /** The family that it is an instance of, which alone can say so. */
  readonly family?: FamilyMembership | undefined
  readonly isolation: 'auto' | 'thread' | 'process'
  readonly env: NodeJS.ProcessEnv | readonly string[] | undefined
  readonly argv: readonly string[] | undefined
  readonly execArgv: readonly string[] | undefined
  readonly cwd: string | undefined
  readonly uid: number | undefined
  readonly gid: number | undefined
}

/**
 * MB. With an old generation below 4 MB, or a stack below 0.5 MB, V8 ends not the worker but the whole process (measured on Node 24 and 26);
 * the lower bounds leave room for Node's own start-up. The upper bounds catch bytes given for megabytes.
 */
const resourceLimitBounds: Readonly<Record<keyof ResourceLimits, Bounds>> = {
  maxOldGenerationSizeMb: { min: 16, max: 2 ** 20 },
  maxYoungGenerationSizeMb: { min: 1, max: 2 ** 20 },
  codeRangeSizeMb: { min: 1, max: 2 ** 20 },
  stackSizeMb: { min: 1, max: 2 ** 10 },
}
/** setTimeout's own limit: a longer delay would fire at once. */
const maxDelay = 2 ** 31 - 1
const duration = { min: 1, max: maxDelay }

/** The names of all options of a component. What its family gives it is none. */
export const componentOptions: readonly string[] = Object.keys({
  name: true,
  type: true,
  module: true,
  export: true,
  config: true,
  dependencies: true,
  optionalDependencies: true,
  memoryEstimate: true,
  priority: true,
  timeout: true,
  callTimeout: true,
  watchdog: true,
  maxQueue: true,
  instances: true,
  recycle: true,
  idempotent: true,
  resourceLimits: true,
  memoryLimit: true,
  minIdleTime: true,
  idleTimeout: true,
  pinned: true,
  disposeTimeout: true,
  restart: true,
  hibernate: true,
  isolation: true,
  env: true,
  argv: true,
  execArgv: true,
  cwd: true,
  uid: true,
  gid: true,
} satisfies Record<Exclude<keyof ResolvedDefinition, 'family'>, true>)

/**
 * @param expectOwnName what checks its name.
 * @throws InvalidOptionsError naming the option, what was expected and what was got.
 */
export function resolveDefinition(
  definition: ComponentDefinition,
  defaults: DefinitionDefaults,
  expectOwnName: typeof expectName = expectName,
): ResolvedDefinition {
  expectKnown(expectRecord('definition', definition), componentOptions)
  const name = expectOwnName('name', definition.name)
  const restart = orDefault(definition.restart, {})
  expectRecord('restart', restart)
  expectKnown(restart, ['intensity', 'period', 'backoff'], 'restart.')
  const dependencies = expectStrings('dependencies', orDefault(definition.dependencies, []), expectMemberName)
  const optional = expectStrings(
    'optionalDependencies',
    orDefault(definition.optionalDependencies, []),
    expectMemberName,
  )
  const resolved: ResolvedDefinition = {
    name,
    type: expectString('type', orDefault(definition.type, 'component')),
    module: moduleOf(definition),
    export: expectString('export', orDefault(definition.export, 'default')),
    config: cloneConfig(definition.config),
    dependencies: [...new Set([...dependencies, ...optional])],
    optionalDependencies: optional.filter((each) => !dependencies.includes(each)),
    memoryEstimate: expectSize('memoryEstimate', orDefault(definition.memoryEstimate, 0)),
    priority: expectNumber('priority', orDefault(definition.priority, 50), { min: 0, max: 100 }),
    timeout: expectNumber('timeout', orDefault(definition.timeout, defaults.load), duration),
    callTimeout: expectOptional(orDefault(definition.callTimeout, defaults.call), (v) =>
      expectNumber('callTimeout', v, duration),
    ),
    watchdog: expectOptional(definition.watchdog, (v) => expectNumber('watchdog', v, duration)),
    maxQueue: expectInteger('maxQueue', orDefault(definition.maxQueue, 10_000), { min: 1 }),
    instances: resolveInstances(definition),
    recycle: expectOptional(definition.recycle, resolveRecycle),
    idempotent: new Set(expectStrings('idempotent', orDefault(definition.idempotent, []), expectMethod)),
    resourceLimits: expectOptional(definition.resourceLimits, expectResourceLimits),
    memoryLimit: expectOptional(definition.memoryLimit, (v) =>
      expectSize('memoryLimit', v, { min: smallestMemoryLimit }),
    ),
    minIdleTime: expectOptional(definition.minIdleTime, (v) => expectNumber('minIdleTime', v, { min: 0 })),
    idleTimeout: expectOptional(definition.idleTimeout, (v) => expectNumber('idleTimeout', v, duration)),
    pinned: expectBoolean('pinned', orDefault(definition.pinned, false)),
    disposeTimeout: expectNumber('disposeTimeout', orDefault(definition.disposeTimeout, defaults.dispose), duration),
    restart: {
      intensity: expectInteger('restart.intensity', orDefault(restart.intensity, 5), { min: 0 }),
      period: expectNumber('restart.period', orDefault(restart.period, 60_000), { min: 1 }),
      backoff: expectNumber('restart.backoff', orDefault(restart.backoff, 1_000), { min: 0, max: 60_000 }),
    },
    hibernate: {
      ...resolveHibernateOptions(orDefault(definition.hibernate, {})),
      isAsked: definition.hibernate !== undefined,
    },
    isolation: expectOneOf('isolation', orDefault(definition.isolation, 'auto'), ['auto', 'thread', 'process']),
    env: expectOptional(definition.env, expectEnvironment),
    argv: expectOptional(definition.argv, (v) => expectStrings('argv', v)),
    execArgv: expectOptional(definition.execArgv, (v) => expectStrings('execArgv', v)),
    cwd: expectOptional(definition.cwd, (v) => expectString('cwd', v)),
    uid: expectOptional(definition.uid, (v) => expectId('uid', v)),
    gid: expectOptional(definition.gid, (v) => expectId('gid', v)),
  }
  expectProcess(resolved)
  return resolved
}

/** @throws InvalidOptionsError */
export function resolveRecycle(recycle: RecycleOptions): ResolvedRecycle {
  expectKnown(expectRecord('recycle', recycle), ['calls', 'age', 'memory', 'overlap'], 'recycle.')
  return {
    calls: expectOptional(recycle.calls, (v) => expectInteger('recycle.calls', v, { min: 1, max: maxDelay })),
    age: expectOptional(recycle.age, (v) => expectNumber('recycle.age', v, duration)),
    memory: expectOptional(recycle.memory, (v) => expectSize('recycle.memory', v, { min: smallestMemoryLimit })),
    overlap: expectBoolean('recycle.overlap', orDefault(recycle.overlap, true)),
  }
}

/** A package's conditions are those of its worker: where it has some of its own, it resolves the package itself. */
function moduleOf({ module, execArgv }: ComponentDefinition): string {
  const isPackage = typeof module === 'string' && /^[^./\\]/.test(module) && !/^\w+:|^spillway\//.test(module)
  const hasConditions =
    Array.isArray(execArgv) && execArgv.some((each) => /^(?:-C|--conditions)(?:=|$)/.test(String(each)))
  return isPackage && hasConditions ? module : resolveModule(module)
}

/** The URL of a component's module, however it is given. @throws InvalidOptionsError */
export function resolveModule(module: unknown): string {
  if (module instanceof URL) return module.href
  if (typeof module !== 'string' || module.trim() === '') {
    throw new InvalidOptionsError('module', 'a URL, a path, or the name of a package', module)
  }
  const specifier = module
  const [, own] = /^spillway\/services\/([\w-]+)$/.exec(specifier) ?? []
  try {
    return own === undefined ? moduleUrl(specifier) : ownModule(own)
  } catch {
    // The worker tries again, with loaders of its own perhaps, and says what it found when it fails.
    return specifier
  }
}

/** @throws InvalidOptionsError for what cannot be cloned into a worker. */
export function cloneConfig<T>(config: T, option = 'config'): T {
  try {
    return clone(config)
  } catch (cause) {
    throw new InvalidOptionsError(option, `something that can be cloned into a worker (${messageOf(cause)})`, config, {
      cause,
    })
  }
}

function expectEnvironment(env: NodeJS.ProcessEnv | readonly string[]): NodeJS.ProcessEnv | readonly string[] {
  return isList(env) ? expectStrings('env', env) : { ...expectRecord('env', env) }
}

function isList(env: NodeJS.ProcessEnv | readonly string[]): env is readonly string[] {
  return Array.isArray(env)
}

/** A user or group, by number: Node takes 31 bits, and aborts the process for a negative zero. */
function expectId(option: string, value: number): number {
  return expectInteger(option, value, { min: 0, max: 2 ** 31 - 1 }) + 0
}

/** @throws InvalidOptionsError for what a thread has no part in. */
function expectProcess(definition: ResolvedDefinition): void {
  if (definition.isolation === 'process') return
  if (definition.execArgv?.some((each) => /^--(?:experimental-)?permission$/.test(each))) {
    const expected = "no --permission, unless isolation is 'process': it holds for a whole process"
    throw new InvalidOptionsError('execArgv', expected, definition.execArgv)
  }
  for (const option of ['cwd', 'uid', 'gid'] as const) {
    const value = definition[option]
    if (value === undefined) continue
    throw new InvalidOptionsError(option, "undefined, unless isolation is 'process': all threads share it", value)
  }
}

function expectBoolean(option: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new InvalidOptionsError(option, 'true or false', value)
  return value
}

function expectResourceLimits(limits: ResourceLimits): ResourceLimits {
  expectRecord('resourceLimits', limits)
  expectKnown(limits, Object.keys(resourceLimitBounds), 'resourceLimits.')
  for (const [key, bounds] of Object.entries(resourceLimitBounds)) {
    const value = limits[key as keyof ResourceLimits]
    if (value !== undefined) expectNumber(`resourceLimits.${key}`, value, bounds)
  }
  return { ...limits }
}
