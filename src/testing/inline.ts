import { cloneConfig } from '../component/definition.ts'
import type { ConfigOf } from '../contract/component-definition.ts'
import type { ApiOf } from '../contract/remote.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { expectKnown, expectRecord } from '../base/option-checks.ts'
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

const contexts = new WeakMap<object, InlineContext>()
const known = ['name', 'dependencies', 'logger', 'restored', 'locks']

/**
 * The API of a component in this thread, without a worker: breakpoints, coverage and mocks work in it. It is made as in a worker, from a clone of `config`;
 * but its methods are called as they are, with arguments and results that nobody clones.
 *
 * @param module a `defineComponent` result, a class, a factory function, or an object of functions: what a component's module exports.
 * @throws what the component throws as it initialises; InvalidOptionsError, also for a config that cannot be cloned.
 */
export async function inline<T extends object>(
  module: T,
  ...[config, options = {}]: InlineArguments<T>
): Promise<Inlined<ApiOf<T>>> {
  if ((typeof module !== 'object' && typeof module !== 'function') || module === null) {
    throw new InvalidOptionsError(
      'module',
      'a defineComponent result, a class, a function, or an object of functions',
      module,
    )
  }
  expectKnown(expectRecord('options', options), known)
  const surroundings = new InlineSurroundings(options)
  const { api } = await makeApi(module, 'the module', cloneConfig(config), surroundings.context)
  surroundings.initialised()
  const inlined = withDispose(api, async () => {
    surroundings.unload()
    await disposeOf(api)
  })
  contexts.set(inlined, surroundings)
  // What an export makes is only known to its type.
  return inlined as Inlined<ApiOf<T>>
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

async function disposeOf(api: Partial<AsyncDisposable & Disposable>): Promise<void> {
  if (api[Symbol.asyncDispose]) await api[Symbol.asyncDispose]?.()
  else api[Symbol.dispose]?.()
}
