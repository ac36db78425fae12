import { vi } from 'vitest'

/** Tries until it holds: looks often, and gives a busy machine time. */
export async function eventually(assertion: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(assertion, { timeout: 10_000, interval: 5 })
}
