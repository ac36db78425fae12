import type { ResourceLimits } from 'node:worker_threads'
import { clone } from '../channel/clone-guard.ts'
import { messageOf } from '../describe-value.ts'
import { InvalidOptionsError } from '../errors.ts'
import { resolveHibernateOptions } from './hibernation.ts'
import type { HibernateOptions, ResolvedHibernateOptions } from './hibernation.ts'
import type { RestartOptions } from './lifecycle.ts'
import { moduleUrl } from './module-url.ts'
import {
  expectInteger,
  expectKnown,
  expectMemberName,
  expectName,
  expectNumber,
  expectOptional,
  expectRecord,
  expectString,
  expectStrings,
} from '../options.ts'
import type { Bounds } from '../options.ts'

/** What `registerComponent` takes. */
export interface ComponentDefinition<Config = unknown> {
  /** Unique; 1 to 200 characters, well-formed, without control characters. */
  readonly name: string
  /** What it is, for people and dashboards. Default 'component'. */
  readonly type?: string
  /**
   * URL of the component's module; a package specifier, resolved as `import` does in a file of the working directory; or a path, relative to the
   * working directory.
   */
  readonly module: URL | string
  /**
   * Which export is the component: a `defineComponent` result, a class (constructed with config and context), a factory function, or
   * a plain object of functions; '*' is the module itself. Default 'default'.
   */
  readonly export?: string
  /** Given to the initialiser; cloned now, and again for each load. */
  readonly config?: Config
  /** Names of components that are loaded first and that this one may call. */
  readonly dependencies?: readonly string[]
  /**
   * Names of components that this one may call, and can do without: each is loaded by the first call of it, which rejects if that is impossible or
   * there is none of that name. In all else they are `dependencies`.
   */
  readonly optionalDependencies?: readonly string[]
  /** Expected size in bytes, used until one was measured. Default 0: learn it. */
  readonly memoryEstimate?: number
  /** 0 to 100; LOWER is more important. Default 50. */
  readonly priority?: number
  /** ms to load, from when there is room in memory for it; as long at most it waits for that room before. Default 30,000. */
  readonly timeout?: number
  /** ms for each call. Default none. */
  readonly callTimeout?: number
  /**
   * ms for which the event loop of its worker may not turn while a call is under way; then the worker is ended, reason 'stuck'. A long synchronous
   * computation, a native synchronous call (SQLite, execSync) and a long garbage collection count as not turning. Default none: long
   * synchronous work is left alone, unless the deadline of a call that has begun passes and it does not hear of it within another 1,000 ms.
   */
  readonly watchdog?: number
  /** Calls under way and waiting, per caller; more reject with OverloadedError. Default 10,000. */
  readonly maxQueue?: number
  /** V8's own limits. Default: at least 4 times `memoryLimit` of old generation, as a backstop. */
  readonly resourceLimits?: ResourceLimits
  /** Bytes of heap and external memory above which the worker is ended. Default: the total limit. */
  readonly memoryLimit?: number
  /** ms it must have been idle before it may be unloaded automatically; overrides the memory manager's. */
  readonly minIdleTime?: number
  /**
   * ms without use after which it is unloaded, whatever the pressure, also with `autoUnloadEnabled` false; not while something loaded depends on it, nor
   * when it is `pinned`. Default none.
   */
  readonly idleTimeout?: number
  /** Never unloaded automatically. Default false. */
  readonly pinned?: boolean
  /** ms for its dispose hook. Default 5,000. */
  readonly disposeTimeout?: number
  readonly restart?: RestartOptions
  /**
   * Where what its `snapshot()` returns is kept between an unload and the next load. Of a `defineComponent` result a `snapshot` without
   * parameters is that hook in any case; a method of that name of a class, factory or object is one only where this is given.
   */
  readonly hibernate?: HibernateOptions
  /** The worker's environment. Default: a copy of this process's. */
  readonly env?: NodeJS.ProcessEnv
  /** The worker's process.argv beyond the first two. */
  readonly argv?: readonly string[]
  /** Node options of the worker; process-wide V8 flags are not possible there. */
  readonly execArgv?: readonly string[]
}

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
  readonly resourceLimits: ResourceLimits | undefined
  readonly memoryLimit: number | undefined
  readonly minIdleTime: number | undefined
  readonly idleTimeout: number | undefined
  readonly pinned: boolean
  readonly disposeTimeout: number
  readonly restart: Required<RestartOptions>
  /** `isAsked`: the definition has it. */
  readonly hibernate: ResolvedHibernateOptions & { readonly isAsked: boolean }
  readonly env: NodeJS.ProcessEnv | undefined
  readonly argv: readonly string[] | undefined
  readonly execArgv: readonly string[] | undefined
}

/** Bytes: less than a blank worker holds is a limit in the wrong unit. */
const smallestMemoryLimit = 1024 ** 2
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

/**
 * @param expectOwnName what checks its name.
 * @throws InvalidOptionsError naming the option, what was expected and what was got.
 */
export function resolveDefinition(
  definition: ComponentDefinition,
  defaults: DefinitionDefaults,
  expectOwnName: typeof expectName = expectName,
): ResolvedDefinition {
  expectRecord('definition', definition)
  const name = expectOwnName('name', definition.name)
  const restart = definition.restart ?? {}
  expectRecord('restart', restart)
  expectKnown(restart, ['intensity', 'period', 'backoff'], 'restart.')
  const dependencies = expectStrings('dependencies', definition.dependencies ?? [], expectMemberName)
  const optional = expectStrings('optionalDependencies', definition.optionalDependencies ?? [], expectMemberName)
  const resolved: ResolvedDefinition = {
    name,
    type: expectString('type', definition.type ?? 'component'),
    module: resolveModule(definition.module),
    export: expectString('export', definition.export ?? 'default'),
    config: cloneConfig(definition.config),
    dependencies: [...new Set([...dependencies, ...optional])],
    optionalDependencies: optional.filter((each) => !dependencies.includes(each)),
    memoryEstimate: expectNumber('memoryEstimate', definition.memoryEstimate ?? 0, { min: 0 }),
    priority: expectNumber('priority', definition.priority ?? 50, { min: 0, max: 100 }),
    timeout: expectNumber('timeout', definition.timeout ?? defaults.load, duration),
    callTimeout: expectOptional(definition.callTimeout ?? defaults.call, (v) =>
      expectNumber('callTimeout', v, duration),
    ),
    watchdog: expectOptional(definition.watchdog, (v) => expectNumber('watchdog', v, duration)),
    maxQueue: expectInteger('maxQueue', definition.maxQueue ?? 10_000, { min: 1 }),
    resourceLimits: expectOptional(definition.resourceLimits, expectResourceLimits),
    memoryLimit: expectOptional(definition.memoryLimit, (v) =>
      expectNumber('memoryLimit', v, { min: smallestMemoryLimit }),
    ),
    minIdleTime: expectOptional(definition.minIdleTime, (v) => expectNumber('minIdleTime', v, { min: 0 })),
    idleTimeout: expectOptional(definition.idleTimeout, (v) => expectNumber('idleTimeout', v, duration)),
    pinned: expectBoolean('pinned', definition.pinned ?? false),
    disposeTimeout: expectNumber('disposeTimeout', definition.disposeTimeout ?? defaults.dispose, duration),
    restart: {
      intensity: expectInteger('restart.intensity', restart.intensity ?? 5, { min: 0 }),
      period: expectNumber('restart.period', restart.period ?? 60_000, { min: 1 }),
      backoff: expectNumber('restart.backoff', restart.backoff ?? 1_000, { min: 0, max: 60_000 }),
    },
    hibernate: {
      ...resolveHibernateOptions(definition.hibernate ?? {}),
      isAsked: definition.hibernate !== undefined,
    },
    env: expectOptional(definition.env, (v) => ({ ...expectRecord('env', v) })),
    argv: expectOptional(definition.argv, (v) => expectStrings('argv', v)),
    execArgv: expectOptional(definition.execArgv, (v) => expectStrings('execArgv', v)),
  }
  expectKnown(definition, Object.keys(resolved))
  return resolved
}

function resolveModule(module: unknown): string {
  if (module instanceof URL) return module.href
  const specifier = expectString('module', module)
  try {
    return moduleUrl(specifier)
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

/** The names of all options of a component. */
export const componentOptions: readonly string[] = Object.keys(
  resolveDefinition({ name: 'any', module: 'data:text/javascript,' }, { load: 1, call: undefined, dispose: 1 }),
)
