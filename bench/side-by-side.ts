/** Runs pieces of work side by side, at most `width` at a time; results in the order of the work. */
export async function sideBySide<T, R>(work: readonly T[], width: number, run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const next = work.entries()
  const runner = async (): Promise<void> => {
    for (const [index, item] of next) results[index] = await run(item)
  }
  await Promise.all(Array.from({ length: width }, runner))
  return results
}
