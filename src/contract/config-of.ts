import type { Branded, brand } from './component-brand.ts'
import type { ComponentContext } from './component-context.ts'
import type { ComponentDefinition } from './component-definition.ts'
import type { AnyFunction, Given, Refused } from './travel.ts'

/**
 * The config that a component takes, by what its module exports: the first parameter of a `defineComponent` initialiser, a class's constructor or a factory;
 * of overloaded ones, of the last four. Of all else it is unknown.
 */
export type ConfigOf<T> = T extends Branded
  ? FirstOf<Parameters<T[typeof brand]>>
  : T extends {
        new (...args: infer A1): unknown
        new (...args: infer A2): unknown
        new (...args: infer A3): unknown
        new (...args: infer A4): unknown
      }
    ? OverloadOf<A1> | OverloadOf<A2> | OverloadOf<A3> | FirstOf<A4>
    : T extends abstract new (...args: infer A) => unknown
      ? FirstOf<A>
      : T extends {
            (...args: infer A1): unknown
            (...args: infer A2): unknown
            (...args: infer A3): unknown
            (...args: infer A4): unknown
          }
        ? OverloadOf<A1> | OverloadOf<A2> | OverloadOf<A3> | FirstOf<A4>
        : T extends (...args: infer A) => unknown
          ? FirstOf<A>
          : unknown

/** Where there are fewer than four, the first of the pattern match unknown arguments. */
type OverloadOf<Args extends readonly unknown[]> = unknown[] extends Args ? never : FirstOf<Args>

type FirstOf<Args extends readonly unknown[]> = Args extends readonly []
  ? undefined
  : number extends Args['length']
    ? Args[0] | undefined
    : Args[0]

/** What `registerComponent<T>` takes: `config` is what the component's own type says, and is there unless it can do without. */
export type DefinitionOf<T> = ComponentDefinition<Given<ConfigOf<T>>> &
  (undefined extends ConfigOf<T> ? unknown : { readonly config: Given<ConfigOf<T>> }) &
  ContextOf<T>

/** A class and a factory are given the context besides the config: one that takes something else there is not to be registered as it is. */
export type ContextOf<T> = T extends Branded
  ? unknown
  : T extends abstract new (...args: infer A) => unknown
    ? ContextAt<A>
    : T extends AnyFunction
      ? ContextAt<Parameters<T>>
      : unknown

type ContextAt<Args extends readonly unknown[]> = Args extends readonly [unknown?, ...infer Rest]
  ? Rest extends readonly []
    ? unknown
    : [GivenContext] extends [Rest[0]]
      ? unknown
      : {
          readonly module: Refused<"its second parameter would be given the component's context: register a function that makes it instead">
        }
  : unknown

/** Whatever its dependencies are. */
type GivenContext = Omit<ComponentContext, 'dependencies'> & { readonly dependencies: never }
