import { describe } from 'vitest'
import { natsProgram } from './nats-program.ts'

/** `describe` where there is a nats-server; without one it is skipped, and `npm test` says so at its end. */
export const describeWithNats = natsProgram === undefined ? describe.skip : describe
