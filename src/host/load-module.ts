import { isPromise } from 'node:util/types'
import { initialiserOf } from '../contract/define-component.ts'
import type { ComponentContext } from '../contract/component-context.ts'
import { chosenExport } from './chosen-export.ts'
import type { Namespace } from './chosen-export.ts'
import { isClass } from './is-class.ts'
import type { InitMessage } from './control.ts'
import { isModuleUrl } from './is-module-url.ts'
import { notAnApi } from './not-an-api.ts'

export interface LoadedModule {
  readonly api: object
  /** It was made with `defineComponent`; else it is a service that was written without a thought of being a component. */
  readonly isDefined: boolean
}

/**
 * Imports a component's module and makes its API: from a `defineComponent` result, a class, a factory function, a plain object of functions, or a promise of one of these.
 *
 * @param onStage is told what begins.
 * @throws whatever the module or its initialiser throws; Error when the export is missing or is none of these.
 */
export async function loadModule(
  { module, export: exportName, config }: Pick<InitMessage, 'module' | 'export' | 'config'>,
  context: ComponentContext,
  onStage: (stage: 'importing' | 'initialising') => void,
): Promise<LoadedModule> {
  onStage('importing')
  const namespace = (await import(isModuleUrl(module) ? module : await resolved(module))) as Namespace
  onStage('initialising')
  return makeApi(chosenExport(namespace, exportName), `export "${exportName}"`, config, context)
}

/**
 * The API that an export makes; a promise stands for what it gives.
 *
 * @param what it is, for messages.
 * @throws whatever the initialiser throws; Error when what it gives is no API.
 */
export async function makeApi(
  given: unknown,
  what: string,
  config: unknown,
  context: ComponentContext,
): Promise<LoadedModule> {
  const exported = isPromise(given) ? await given : given
  const initialise = initialiserOf(exported)
  const api: unknown = initialise
    ? await initialise(config, context)
    : typeof exported === 'function'
      ? (await construct(exported, config, context)).api
      : exported
  const instead = notAnApi(api)
  if (instead !== undefined) {
    throw new Error(`${what} gave ${instead}; a component is an object whose functions may be called`)
  }
  return { api: api as object, isDefined: initialise !== undefined }
}

/** Those who register it resolve it beforehand where they can. */
async function resolved(specifier: string): Promise<string> {
  const { moduleUrl } = await import('./module-url.ts')
  return moduleUrl(specifier)
}

/** What a factory promises is waited for; an instance is not, even if it has a method `then`, unless it is a promise indeed. */
async function construct(exported: unknown, config: unknown, context: ComponentContext): Promise<{ api: unknown }> {
  if (!isClass(exported)) {
    return { api: await (exported as (config: unknown, context: ComponentContext) => unknown)(config, context) }
  }
  const instance = new exported(config, context)
  return { api: isPromise(instance) ? await instance : instance }
}
