import { brand } from './component-brand.ts'
import type { ComponentContext, DependencyTypes } from './component-context.ts'
import type { Refused } from './travel.ts'

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
export function defineComponent<Init extends (config: never, context: ComponentContext) => unknown>(
  init: Init,
): ModuleOf<Init>
/** The same, for a context that is annotated with what the component's dependencies are: `context: ComponentContext<{ prices: typeof prices }>`. */
export function defineComponent<Init extends Initialiser>(init: Init): ModuleOf<Init>
/** The same, with types that are said, not found. */
export function defineComponent<Api extends object, Config = undefined, Dependencies extends object = object>(
  init: (config: Config, context: ComponentContext<Dependencies>) => Api | Promise<Api>,
): ComponentModule<Api, Config>
/**
 * The same in two steps, of which the first says what the component's dependencies are, by name:
 * `defineComponent<{ prices: typeof prices }>()((config, { dependencies }) => ...)`.
 */
export function defineComponent<Dependencies extends DependencyTypes>(): <
  Init extends (config: never, context: ComponentContext<Dependencies>) => unknown,
>(
  init: Init,
) => ModuleOf<Init>
export function defineComponent(...given: [] | [init: Initialiser]): unknown {
  return given.length === 0 ? marked : marked(...given)
}

type Initialiser = (config: never, context: never) => unknown

/** Of a config that has a default, the initialiser can do without. One that says nothing of its type gets none. */
type ModuleOf<Init extends Initialiser> = [ApiMadeBy<Init>] extends [object]
  ? ComponentModule<ApiMadeBy<Init>, ConfigTakenBy<Parameters<Init>>>
  : Refused<'an initialiser returns an object, or a promise of one'>

type ApiMadeBy<Init extends Initialiser> =
  ReturnType<Init> extends infer Made ? (Made extends Promise<infer Api> ? Api : Made) : never

type ConfigTakenBy<Args extends readonly unknown[]> = Args extends readonly []
  ? undefined
  : [Args[0]] extends [never]
    ? undefined
    : Args[0]

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
