import { cloneConfig, resolveModule } from '../component/definition.ts'
import type { ConfigOf } from '../contract/config-of.ts'
import type { ApiOf } from '../contract/remote.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { expectKnown, expectOptional, expectRecord, expectString, orDefault } from '../base/option-checks.ts'
import { chosenExport } from '../host/chosen-export.ts'
import type { Namespace } from '../host/chosen-export.ts'
import { makeApi } from '../host/load-module.ts'
import { InlineSurroundings } from './inline-context.ts'
import type { InlineContext, InlineOptions } from './inline-context.ts'
import { withDispose } from './with-dispose.ts'

export type { InlineContext, InlineOptions } from './inline-context.ts'

/** The component's own API, in this thread; disposing of it runs its dispose hook. */
export type Inlined<Api> = Api & AsyncDisposable

/** As at registration: config is what the component's own type says, and there unless it can do without. */
export type InlineArguments<T> =
  undefined extends ConfigOf<T>
    ? [config?: ConfigOf<T>, options?: InlineOptions]
    : [config: ConfigOf<T>, options?: InlineOptions]

/** Of a whole module, its default export. */
export type ExportOf<T> = T extends { readonly default: infer Exported } ? Exported : T

const contexts = new WeakMap<object, InlineContext>()
const known = ['export', 'name', 'dependencies', 'logger', 'restored', 'locks']

/**
 * The API of a component in this thread, without a worker: breakpoints, coverage and mocks work in it. It is made as in a worker, from a clone of `config`;
 * but its methods are called as they are, with arguments and results that nobody clones.
 *
 * @param module what a component's module exports (a `defineComponent` result, a class, a factory function, or an object of functions), the whole module,
 * or where it is, as in `registerComponent`.
 * @throws what the component throws as it initialises; InvalidOptionsError, also for a config that cannot be cloned.
 */
export async function inline<T = unknown>(
  module: URL | string,
  ...given: InlineArguments<T>
): Promise<Inlined<ApiOf<T>>>
export async function inline<T extends object>(
  module: T,
  ...given: InlineArguments<ExportOf<T>>
): Promise<Inlined<ApiOf<ExportOf<T>>>>
export async function inline(
  module: unknown,
  ...[config, options = {}]: InlineArguments<unknown>
): Promise<Inlined<object>> {
  expectKnown(expectRecord('options', options), known)
  expectOptional(options.export, (name) => expectString('export', name))
  const surroundings = new InlineSurroundings(options)
  const exported = await exportOf(module, options.export)
  const { api } = await makeApi(exported, 'the module', cloneConfig(config), surroundings.context)
  surroundings.initialised()
  const inlined = withDispose(api, () => surroundings.unload())
  contexts.set(inlined, surroundings)
  return inlined
}

async function exportOf(module: unknown, name: string | undefined): Promise<unknown> {
  if (module instanceof URL || typeof module === 'string') {
    return chosenExport(
      (await import(/* webpackIgnore: true */ resolveModule(module))) as Namespace,
      orDefault(name, 'default'),
    )
  }
  if ((typeof module !== 'object' && typeof module !== 'function') || module === null) {
    const expected = 'a defineComponent result, a class, a function, an object of functions, a module, or where it is'
    throw new InvalidOptionsError('module', expected, module)
  }
  // A runner's own namespaces have the tag alone.
  const isNamespace = Reflect.get(module, Symbol.toStringTag) === 'Module'
  // What `require` gives of what was an ES module.
  const isTranspiled = Object.hasOwn(module, '__esModule') && Reflect.get(module, '__esModule') === true
  const isWhole = (isNamespace || isTranspiled) && 'default' in module
  return isWhole || name !== undefined ? chosenExport(module as Namespace, orDefault(name, 'default')) : module
}

/**
 * What an inlined component has told its context, and how to tell it something: pressure, say.
 *
 * @throws InvalidOptionsError for what `inline` did not return.
 */
export function inlineContext(inlined: object): InlineContext {
  const context = contexts.get(inlined)
  if (!context) throw new InvalidOptionsError('inlined', 'what inline() resolved with', inlined)
  return context
}
