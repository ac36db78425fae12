/** Which component, and of one with `instances` which copy of it: 'render', 'render#2' and so on. */
export interface ComponentOrigin {
  readonly name: string
  readonly instance?: string
}
