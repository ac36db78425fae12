import { ComponentNotFoundError, isComponentNotFoundError } from '../index.ts'
import type {
  ComponentDefinition,
  ComponentFamily,
  ComponentInfo,
  FamilyDefinition,
  Remote,
  UnloadReport,
} from '../index.ts'

/** What a service asks of a coordinator; a ComponentCoordinator is one. */
export interface ServiceHost<Info = ComponentInfo, Report = UnloadReport> {
  info(name: string): Info
  unloadComponent(name: string, options?: { readonly deadline?: number }): Promise<Report>
}

/** What a service needs of a family; a ComponentFamily is one. */
export type HostedFamily<T> = Pick<
  ComponentFamily<T>,
  'get' | 'has' | 'list' | 'componentName' | 'release' | 'releaseAll' | 'unregister'
>

/** What a service of many components asks of a coordinator. */
export interface FamilyHost extends ServiceHost {
  registerFamily<T>(definition: FamilyDefinition): HostedFamily<T>
}

/** What a service of one component asks of a coordinator. */
export interface ComponentHost<Info = ComponentInfo, Report = UnloadReport> extends ServiceHost<Info, Report> {
  registerComponent<T>(definition: ComponentDefinition): Remote<T>
  unregisterComponent(name: string): Promise<unknown>
  /** @throws ComponentNotFoundError */
  component(name: string): unknown
}

/**
 * What all services are to who uses them. `Info` and `Report` are of one component, or arrays with an entry for each component that a family has
 * just then.
 */
export abstract class LazyService<Info, Report> implements AsyncDisposable {
  readonly name: string
  #shutdown: Promise<void> | undefined

  protected constructor(name: string) {
    this.name = name
  }

  /** State and figures. Loads nothing. @throws ComponentNotFoundError after `shutdown`. */
  info(): Info {
    this.assertOpen()
    return this.describe()
  }

  /**
   * Unloads what is loaded; the next call loads it again.
   *
   * @param options `deadline`: ms that calls under way are given. Default 5,000.
   * @throws ComponentNotFoundError after `shutdown`.
   */
  async unload(options?: { readonly deadline?: number }): Promise<Report> {
    this.assertOpen()
    return this.unloadAll(options)
  }

  /**
   * Unloads and unregisters what this service has registered, and nothing else of its coordinator: its name is free again, and what is called
   * from then on rejects with ComponentNotFoundError. Calls under way are given 5 s. Idempotent.
   */
  async shutdown(): Promise<void> {
    this.#shutdown ??= this.unregister()
    return this.#shutdown
  }

  /** As `shutdown`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown()
  }

  /** @throws ComponentNotFoundError after `shutdown`. */
  protected assertOpen(): void {
    if (this.#shutdown) throw new ComponentNotFoundError(this.name)
  }

  protected abstract describe(): Info
  protected abstract unloadAll(options: { readonly deadline?: number } | undefined): Promise<Report>
  protected abstract unregister(): Promise<void>
}

/** A service that is one component. */
export abstract class LazyComponent<Module, Info = ComponentInfo, Report = UnloadReport> extends LazyService<
  Info,
  Report
> {
  protected readonly remote: Remote<Module>
  readonly #host: ComponentHost<Info, Report>

  protected constructor(host: ComponentHost<Info, Report>, definition: ComponentDefinition) {
    super(definition.name)
    this.#host = host
    this.remote = host.registerComponent<Module>(definition)
  }

  protected describe(): Info {
    return this.#host.info(this.name)
  }

  protected async unloadAll(options?: { readonly deadline?: number }): Promise<Report> {
    return this.#host.unloadComponent(this.name, options)
  }

  protected async unregister(): Promise<void> {
    try {
      // It may have been unregistered by its name, and the name be somebody else's by now.
      if (this.#host.component(this.name) === this.remote) await this.#host.unregisterComponent(this.name)
    } catch (error) {
      if (!isComponentNotFoundError(error)) throw error
    }
  }
}

/** What a service of many components has them in. */
export interface ServiceFamily {
  readonly name: string
  componentNames(): string[]
  unregister(): Promise<unknown>
}

/** A service that is a family of components. */
export abstract class LazyFamily extends LazyService<ComponentInfo[], UnloadReport[]> {
  readonly #host: ServiceHost
  readonly #family: ServiceFamily

  protected constructor(host: ServiceHost, family: ServiceFamily) {
    super(family.name)
    this.#host = host
    this.#family = family
  }

  protected describe(): ComponentInfo[] {
    return this.#family.componentNames().map((name) => this.#host.info(name))
  }

  protected async unloadAll(options?: { readonly deadline?: number }): Promise<UnloadReport[]> {
    return Promise.all(this.#family.componentNames().map(async (name) => this.#host.unloadComponent(name, options)))
  }

  protected async unregister(): Promise<void> {
    await this.#family.unregister()
  }
}
