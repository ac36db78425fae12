import '../base/supported-node.ts'
import { Inject, Module } from '@nestjs/common'
import type {
  BeforeApplicationShutdown,
  DynamicModule,
  FactoryProvider,
  InjectionToken,
  ModuleMetadata,
  OnApplicationBootstrap,
  OnApplicationShutdown,
} from '@nestjs/common'
import { withoutMembers } from '../channel/remote.ts'
import type { ComponentDefinition } from '../contract/component-definition.ts'
import type { ComponentFamily, FamilyDefinition } from '../component/family.ts'
import { ComponentCoordinator } from '../coordinator.ts'
import type { CoordinatorOptions } from '../contract/coordinator-options.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { expectNumber, expectRecord, expectString, expectStrings } from '../base/option-checks.ts'
import { Health } from './health.ts'
import type { HealthOptions } from './health.ts'

export { Health as SpillwayHealth } from './health.ts'
export type { HealthOptions, HealthReport, HealthStatus } from './health.ts'

export interface SpillwayModuleOptions extends HealthOptions {
  /** A coordinator of the program's own, or the options of one to be made. Default: one with its defaults. */
  readonly coordinator?: ComponentCoordinator | CoordinatorOptions
  /** Names of components to be loaded while the application starts. */
  readonly preload?: readonly string[]
  /** Shut the coordinator down with the application. Default true. */
  readonly shutdown?: boolean
  /**
   * ms that the application goes on after it was told to end: its readiness says no, so that who sends work sends the rest elsewhere. Default 0.
   */
  readonly drainDelay?: number
}

/** Options that other providers have a part in. */
export interface SpillwayModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: FactoryProvider['inject']
  readonly useFactory: (...args: never[]) => SpillwayModuleOptions | Promise<SpillwayModuleOptions>
}

/** What a component is injected by: `@Inject(componentToken('orders')) orders: Remote<typeof ordersModule>`. */
export function componentToken(name: string): string {
  return `spillway:component:${expectString('name', name)}`
}

export function familyToken(name: string): string {
  return `spillway:family:${expectString('name', name)}`
}

/** The same as `@Inject(componentToken(name))`. */
export const InjectComponent = (name: string): ReturnType<typeof Inject> => Inject(componentToken(name))

/** The same as `@Inject(familyToken(name))`; what is injected is a ComponentFamily. */
export const InjectFamily = (name: string): ReturnType<typeof Inject> => Inject(familyToken(name))

const optionsToken: InjectionToken = Symbol('spillway:options')

/** Methods that Nest looks for on everything it injects. A remote has every method that it is asked for, so it would be loaded to be told of them. */
const lifecycleHooks: ReadonlySet<string> = new Set([
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
])

/** setTimeout's own limit. */
const longest = 2 ** 31 - 1

/**
 * Nest module: `ComponentCoordinator` and `SpillwayHealth` can be injected by their classes, components by `componentToken(name)`.
 *
 * The components are unloaded when the application closes, after its server has answered what it was asked; with
 * `app.enableShutdownHooks()` SIGTERM closes it.
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- a module is a class to Nest
export class SpillwayModule {
  /** For the root module: makes the coordinator, for all modules. Bad options reject with InvalidOptionsError when the application is created. */
  static forRoot(options: SpillwayModuleOptions = {}): DynamicModule {
    return SpillwayModule.forRootAsync({ useFactory: () => options })
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: SpillwayModuleAsyncOptions): DynamicModule {
    return {
      module: SpillwayModule,
      global: true,
      imports,
      providers: [
        {
          provide: optionsToken,
          inject,
          useFactory: async (...args: never[]) => resolveOptions(await useFactory(...args)),
        },
        {
          provide: ComponentCoordinator,
          inject: [optionsToken],
          useFactory: ({ coordinator }: ResolvedOptions) =>
            coordinator instanceof ComponentCoordinator ? coordinator : new ComponentCoordinator(coordinator),
        },
        {
          provide: Health,
          inject: [optionsToken, ComponentCoordinator],
          useFactory: ({ health }: ResolvedOptions, coordinator: ComponentCoordinator) =>
            new Health(coordinator, health),
        },
        {
          provide: Lifecycle,
          inject: [optionsToken, ComponentCoordinator, Health],
          useFactory: (options: ResolvedOptions, coordinator: ComponentCoordinator, health: Health) =>
            new Lifecycle(options, coordinator, health),
        },
      ],
      exports: [ComponentCoordinator, Health],
    }
  }

  /** For any module: registers components and families, which can be injected in that module, and in those that import it. */
  static forFeature(
    components: readonly ComponentDefinition[],
    families: readonly FamilyDefinition[] = [],
  ): DynamicModule {
    const providers: FactoryProvider[] = [
      ...components.map((definition) => ({
        provide: componentToken(definition.name),
        inject: [ComponentCoordinator],
        useFactory: (coordinator: ComponentCoordinator): object =>
          withoutMembers(coordinator.registerComponent(definition), lifecycleHooks),
      })),
      ...families.map((definition) => ({
        provide: familyToken(definition.name),
        inject: [ComponentCoordinator],
        useFactory: (coordinator: ComponentCoordinator): ComponentFamily<unknown> =>
          coordinator.registerFamily(definition),
      })),
    ]
    return { module: SpillwayModule, providers, exports: providers.map(({ provide }) => provide) }
  }
}
Module({})(SpillwayModule)

interface ResolvedOptions {
  readonly coordinator: ComponentCoordinator | CoordinatorOptions
  readonly preload: readonly string[]
  readonly shutdown: boolean
  readonly drainDelay: number
  readonly health: HealthOptions
}

function resolveOptions(options: SpillwayModuleOptions): ResolvedOptions {
  const {
    coordinator = {},
    preload = [],
    shutdown = true,
    drainDelay = 0,
    ...health
  } = expectRecord('options', options)
  if (typeof shutdown !== 'boolean') throw new InvalidOptionsError('shutdown', 'true or false', shutdown)
  return {
    coordinator: expectRecord('coordinator', coordinator),
    preload: expectStrings('preload', preload),
    shutdown,
    drainDelay: expectNumber('drainDelay', drainDelay, { min: 0, max: longest }),
    health,
  }
}

/** Ties the coordinator to the life of the application. */
class Lifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #options: ResolvedOptions
  readonly #coordinator: ComponentCoordinator
  readonly #health: Health

  constructor(options: ResolvedOptions, coordinator: ComponentCoordinator, health: Health) {
    this.#options = options
    this.#coordinator = coordinator
    this.#health = health
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#coordinator.preload(this.#options.preload)
  }

  /** The server still listens. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#health.drain(this.#options.drainDelay)
  }

  /** The server has answered everything and is closed. */
  async onApplicationShutdown(): Promise<void> {
    this.#health.close()
    if (this.#options.shutdown) await this.#coordinator.shutdown()
  }
}
