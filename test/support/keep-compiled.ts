import { flushCompileCache } from 'node:module'
import { afterAll } from 'vitest'

// What this process has compiled is kept for the next ones; Node does that as a process ends by itself, and this one is ended.
afterAll(() => flushCompileCache())
