/** Who is inside which lock, in shared memory: each holder sees, in whatever thread it is, whether another one came in. */

export const lockNames = ['k1', 'k2', 'k3'] as const

/** Slots: the number that was given last, how often two were inside, then who is inside, one lock after the other. */
const last = 0
const violations = 1
const inside = 2

export const exclusionSlots = (): Int32Array =>
  new Int32Array(new SharedArrayBuffer((inside + lockNames.length) * Int32Array.BYTES_PER_ELEMENT))

/**
 * From now until it is disposed of nobody else may come in. Who dies inside never looks back: only the living tell.
 *
 * @param lease of the lock; when it was taken away, another one is right to be inside.
 */
export function enter(slots: Int32Array, lease: { readonly name: string; readonly held: boolean }): Disposable {
  const slot = inside + lockNames.findIndex((name) => name === lease.name)
  const mine = Atomics.add(slots, last, 1) + 1
  Atomics.store(slots, slot, mine)
  return {
    [Symbol.dispose]: () => {
      if (Atomics.load(slots, slot) !== mine && lease.held) Atomics.add(slots, violations, 1)
    },
  }
}

/** How often a holder saw that another one had come in. */
export const timesShared = (slots: Int32Array): number => Atomics.load(slots, violations)
