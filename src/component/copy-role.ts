import type { ComponentOrigin } from '../contract/component-origin.ts'
import type { CopyShare } from './copy-share.ts'
import type { ResolvedDefinition } from './definition.ts'
import type { Hibernation } from './hibernation.ts'
import type { MainThreadEnd } from './main-thread-end.ts'

/** What a copy of a component is among the others: all of it but its own life. */
export abstract class CopyRole<Self extends CopyRole<Self>> {
  readonly definition: ResolvedDefinition
  /** Of this copy, unlike that of any component and any other copy: the component's, or that and a number. May change while it is loaded. */
  name: string
  protected readonly share: CopyShare<Self>

  constructor(definition: ResolvedDefinition, name: string, share: CopyShare<Self>) {
    this.definition = definition
    this.name = name
    this.share = share
  }

  protected abstract get self(): Self

  /** The name of the component. */
  get component(): string {
    return this.definition.name
  }

  /** What events say of whom they are about: with `instances`, which copy it is. */
  get origin(): ComponentOrigin {
    return { name: this.component, ...(this.definition.instances.max > 1 && { instance: this.name }) }
  }

  /** All copies have one. */
  get main(): MainThreadEnd {
    return this.share.main
  }

  /** The native addons that generations of the component have loaded. */
  get addons(): Set<string> {
    return this.share.addons
  }

  get hibernation(): Hibernation {
    return this.share.hibernation
  }

  /** Another copy serves, or is about to: this one can be done without. */
  get isOneOfSeveral(): boolean {
    return this.share.isOneOfSeveral(this.self)
  }

  /** Without it there would be fewer copies than its definition says there have to be. */
  get hasToStay(): boolean {
    return this.share.hasToStay(this.self)
  }

  /** Calls that wait, and may be sent to it. */
  get waiting(): number {
    return this.isRetired ? 0 : this.main.caller.waiting
  }

  /** Calls go to another generation; this one goes when nobody uses it any more. */
  get isRetired(): boolean {
    return this.share.isRetired(this.self)
  }

  /** Some copy of the component is being replaced. */
  get isBeingReplaced(): boolean {
    return this.share.isRecycling
  }

  /** Several copies have no one state. */
  get hibernates(): boolean {
    return this.definition.instances.max === 1
  }

  /** Replaces its generation by another one; resolves when it is gone. */
  async recycle(): Promise<void> {
    await this.share.recycle(this.self)
  }
}
