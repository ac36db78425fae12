/** Runs the dispose hook of what a component is made of, and waits for it. */
export async function disposeOf(api: Partial<AsyncDisposable & Disposable> | undefined): Promise<void> {
  if (api?.[Symbol.asyncDispose]) await api[Symbol.asyncDispose]?.()
  else api?.[Symbol.dispose]?.()
}
