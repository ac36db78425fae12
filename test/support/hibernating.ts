import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import type { Logger } from 'pino'
import type { ComponentCoordinator, ComponentDefinition, HibernateOptions, Remote } from '../../src/index.ts'
import type { HibernatingConfig } from '../fixtures/hibernating.ts'
import type hibernating from '../fixtures/hibernating.ts'
import { fixture } from './coordinator.ts'

export type Hibernating = Remote<typeof hibernating>

export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly component?: string
  readonly file?: string
}

/** Warnings and errors from now on. */
export function recordingLogger(): { logger: Logger; logged: LogLine[] } {
  const logged: LogLine[] = []
  const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(JSON.parse(line) as LogLine) })
  return { logger, logged }
}

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const root = mkdtempSync(join(tmpdir(), 'spillway-test-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return root
}

/** The coordinator ends with the test. */
export function ending(coordinator: ComponentCoordinator): ComponentCoordinator {
  onTestFinished(async () => void (await coordinator.shutdown({ deadline: 5_000 })))
  return coordinator
}

/** A component whose state goes into a file, however small it is. */
export function registerHibernating(
  coordinator: ComponentCoordinator,
  name: string,
  hibernate: HibernateOptions,
  more: Partial<ComponentDefinition<HibernatingConfig>> = {},
): Hibernating {
  return coordinator.registerComponent<typeof hibernating>({
    name,
    module: fixture('hibernating.ts'),
    hibernate: { maxMemory: 0, ...hibernate },
    ...more,
  })
}

export const filesIn = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory).sort() : [])
