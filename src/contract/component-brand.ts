/** Of what `defineComponent` returned: its initialiser. The same for all copies of the package in a thread. */
export const brand: unique symbol = Symbol.for('spillway.component')

/** As far as it says what can be called, and what it is given. */
export interface Branded {
  readonly [brand]: (config: never, context: never) => unknown
}
