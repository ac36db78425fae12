/** Whose instance a component is. */
export interface FamilyMembership {
  readonly name: string
  /** Undefined: those of the whole process alone. */
  readonly limits: FamilyLimits | undefined
}

/** What all instances of a family may have together. */
export interface FamilyLimits {
  readonly name: string
  /** Bytes; undefined: only what holds for the whole process. */
  readonly maxMemory: number | undefined
  /** Instances loaded at a time; undefined: any number. */
  readonly maxLoaded: number | undefined
}
