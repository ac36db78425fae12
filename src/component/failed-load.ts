import type { LoadOutcome } from '../host/generation.ts'
import { messageOf } from '../contract/describe-value.ts'
import { ComponentLoadError, ComponentLoadTimeoutError } from '../contract/errors.ts'
import { passedLimit } from '../contract/passed-limit.ts'
import type { ResolvedDefinition } from './definition.ts'
import { deniedResource, whyNotLoaded } from './why-not-loaded.ts'

type Definition = Pick<ResolvedDefinition, 'module' | 'timeout' | 'execArgv'>
type Failure = Exclude<LoadOutcome, { type: 'ready' }>

/** Node's exit code for options that it does not take. */
const invalidArgument = 9

/** The error of a load that a worker was started for. */
export function failedLoad(component: string, definition: Definition, outcome: Failure): Error {
  switch (outcome.type) {
    case 'late':
      return new ComponentLoadTimeoutError(component, definition.timeout, { during: during(definition, outcome) })
    case 'failed': {
      const { error: cause } = outcome
      return new ComponentLoadError(component, whyNotLoaded(cause, definition.module), { cause })
    }
    case 'ended': {
      const { cause, passed } = outcome.end
      const started = outcome.stage === 'starting' ? startedWith(definition) : ''
      return new ComponentLoadError(component, `${howEnded(outcome)}${started}`, { cause, passed })
    }
  }
}

/** That of one for which none could be started. */
export function notStarted(component: string, definition: Definition, cause: unknown): Error {
  const why = `its worker could not be started: ${messageOf(cause)}${deniedResource(cause)}`
  return new ComponentLoadError(component, `${why}${startedWith(definition)}`, { cause })
}

function during(definition: Definition, { stage }: Extract<Failure, { type: 'late' }>): string {
  return {
    starting: `its worker was still starting${startedWith(definition)}`,
    importing: 'its module was still being imported',
    initialising: 'its initialiser was still under way',
  }[stage]
}

function howEnded({ stage, end }: Extract<Failure, { type: 'ended' }>): string {
  const { reason, exitCode, signal, cause, passed } = end
  const isRefused = exitCode === invalidArgument && stage === 'starting'
  return {
    exit: isRefused
      ? `Node refuses an option that its worker is started with (exit code ${exitCode})`
      : `its worker exited${exitCode === undefined ? '' : ` with code ${exitCode}`} while loading`,
    error: `its worker died while loading: ${messageOf(cause)}`,
    'out-of-memory': 'its worker ran out of memory while loading',
    'memory-limit': passedLimit(passed, ' while loading'),
    signal: `its process was ended by ${signal ?? 'a signal'} while loading`,
    stuck: 'its event loop did not turn any more while loading',
    terminated: 'its worker was ended while loading',
  }[reason]
}

/** What goes wrong before there is anything of the component is due to these, mostly. */
function startedWith({ execArgv }: Definition): string {
  return execArgv && execArgv.length > 0 ? `; option "execArgv" is ${JSON.stringify(execArgv)}: look there first` : ''
}
