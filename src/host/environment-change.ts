/** What has changed in an environment, by variable; null: it is gone. */
export type EnvironmentChange = Readonly<Record<string, string | null>>

export function environmentChange(before: NodeJS.ProcessEnv, after: NodeJS.ProcessEnv): EnvironmentChange {
  // Without a prototype: a variable may have any name.
  const change = Object.create(null) as Record<string, string | null>
  for (const [name, value] of Object.entries(after)) {
    if (value !== undefined && before[name] !== value) change[name] = value
  }
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) change[name] = null
  return change
}

/** In the worker, before any code of the component runs. */
export function changeEnvironment(change: EnvironmentChange): void {
  for (const [name, value] of Object.entries(change)) {
    if (value === null) delete process.env[name]
    else process.env[name] = value
  }
}
