import { brand } from './component-brand.ts'
import type { ComponentContext, DependencyTypes } from './component-context.ts'

/** What `defineComponent` returns; the default export of a component's module. */
export interface ComponentModule<Api extends object, Config = unknown> {
  readonly [brand]: (config: Config, context: ComponentContext) => Api | Promise<Api>
}

/**
 * Marks a function as a component's initialiser.
 *
 * `init` runs in the component's own worker, once per load, with the `config` given at registration (a structured
 * clone of it) and its context. What it returns, or resolves to, is the component's API: its functions, nested plain objects of
 * functions and the methods of its class may be called from outside. `[Symbol.dispose]` or `[Symbol.asyncDispose]` on it runs
 * when the component is unloaded.
 *
 * @throws TypeError when `init` is not a function.
 */
export function defineComponent<
  Api extends object,
  Config = undefined,
  Dependencies extends DependencyTypes = DependencyTypes,
>(init: (config: Config, context: ComponentContext<Dependencies>) => Api | Promise<Api>): ComponentModule<Api, Config>
/**
 * The same in two steps, of which the first says what the component's dependencies are, by name:
 * `defineComponent<{ prices: typeof prices }>()((config, { dependencies }) => ...)`. An annotated parameter does as well:
 * `context: ComponentContext<{ prices: typeof prices }>`.
 */
export function defineComponent<Dependencies extends DependencyTypes>(): <Api extends object, Config = undefined>(
  init: (config: Config, context: ComponentContext<Dependencies>) => Api | Promise<Api>,
) => ComponentModule<Api, Config>
export function defineComponent(...given: [] | [init: Initialiser]): unknown {
  return given.length === 0 ? marked : marked(...given)
}

type Initialiser = (config: never, context: never) => object | Promise<object>

function marked(init: Initialiser): ComponentModule<object> {
  if (typeof init !== 'function') throw new TypeError(`defineComponent expects a function, got ${typeof init}`)
  return Object.freeze({ [brand]: init as ComponentModule<object>[typeof brand] })
}

/** The initialiser inside what `defineComponent` returned; undefined for anything else. */
export function initialiserOf(
  value: unknown,
): ((config: unknown, context: ComponentContext) => object | Promise<object>) | undefined {
  return typeof value === 'object' && value !== null && brand in value
    ? (value as ComponentModule<object>)[brand]
    : undefined
}
