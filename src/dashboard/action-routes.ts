import type { FastifyInstance, FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify'
import type { ComponentCoordinator } from '../coordinator.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import type { MemoryOptions } from '../contract/memory-options.ts'
import { expectNumber } from '../base/option-checks.ts'
import { expectSize } from '../base/size.ts'
import type { Audit } from './audit.ts'
import { inspectionName, loadedGeneration, writeAndOpen } from '../live/inspection-file.ts'
import type { InspectionFile } from '../live/inspection-file.ts'
import { guarded } from './request-guard.ts'

export interface ActionRoutes {
  readonly coordinator: ComponentCoordinator
  readonly audit: Audit
  /** Is told what is done, and to which component. */
  readonly acted: (action: string, component: string | null, details: object) => void
}

type Body = Readonly<Record<string, unknown>>
type OfComponent = { Params: { name: string }; Body: Body }

const action = guarded('action')
const changeable: readonly (keyof MemoryOptions)[] = [
  'totalLimit',
  'lowThreshold',
  'mediumThreshold',
  'highThreshold',
  'criticalThreshold',
  'minIdleTime',
  'autoUnloadEnabled',
]

/** Everything that changes something. All are POST with a JSON object. */
export function addActionRoutes(app: FastifyInstance, { coordinator, audit, acted }: ActionRoutes): void {
  /** A route whose work is told of, from its beginning to its end. */
  const post = <Route extends RouteGenericInterface>(
    path: string,
    name: string,
    work: (request: FastifyRequest<Route>, reply: FastifyReply) => Promise<unknown>,
  ): void => {
    app.post(path, action, async (request, reply) => {
      const { name: component = null } = request.params as { readonly name?: string }
      const asked = { action: name, component, body: request.body }
      return audit.during(request.raw, asked, async () => work(request as FastifyRequest<Route>, reply))
    })
  }

  // For the page: whether the token is right.
  post('/api/token', 'unlock', async () => ({ done: 'token' }))
  post<OfComponent>('/api/components/:name/load', 'load', async ({ params: { name } }) => {
    coordinator.info(name)
    acted('load', name, {})
    await coordinator.getComponent(name)
    return { done: 'load' }
  })
  post<OfComponent>('/api/components/:name/unload', 'unload', async ({ params: { name } }) => {
    coordinator.info(name)
    acted('unload', name, {})
    return { done: 'unload', report: await coordinator.unloadComponent(name) }
  })
  post<OfComponent>('/api/components/:name/reset', 'reset', async ({ params: { name } }) => {
    coordinator.resetComponent(name)
    acted('reset', name, {})
    return { done: 'reset' }
  })
  post<OfComponent>('/api/components/:name/heap-snapshot', 'heap snapshot', async ({ params: { name } }, reply) => {
    const generation = loadedGeneration(coordinator, name)
    acted('heap snapshot', name, {})
    const file = await writeAndOpen(async (path) => coordinator.writeHeapSnapshot(name, path))
    return download(reply, file, inspectionName(name, generation, Date.now(), 'heapsnapshot'))
  })
  post<OfComponent>('/api/components/:name/cpu-profile', 'CPU profile', async ({ params: { name }, body }, reply) => {
    const duration = expectNumber('duration', asRecord(body)['duration'] ?? 5_000, { min: 100, max: 60_000 })
    const generation = loadedGeneration(coordinator, name)
    acted('CPU profile', name, { duration })
    const file = await writeAndOpen(async (path) => coordinator.writeCpuProfile(name, path, { duration }))
    return download(reply, file, inspectionName(name, generation, Date.now(), 'cpuprofile'))
  })
  post<{ Body: Body }>('/api/memory/free', 'free memory', async ({ body }) => {
    const bytes = expectSize('bytes', asRecord(body)['bytes'], { min: 1 })
    acted('free memory', null, { bytes })
    return { done: 'free', result: await coordinator.memory.freeMemory(bytes) }
  })
  post<{ Body: Body }>('/api/memory/options', 'change options', async ({ body }) => {
    const given = asRecord(body)
    for (const key of Object.keys(given)) {
      if (!changeable.some((known) => known === key)) {
        throw new InvalidOptionsError(key, `one of ${changeable.join(', ')}`, given[key])
      }
    }
    // Its values are checked there, as a whole.
    coordinator.memory.configure(given)
    acted('change options', null, given)
    return { done: 'options' }
  })
}

function asRecord(body: unknown): Body {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body
  throw new InvalidOptionsError('body', 'a JSON object', body)
}

function download(reply: FastifyReply, file: InspectionFile, fileName: string): FastifyReply {
  return reply
    .type('application/octet-stream')
    .header('content-length', file.size)
    .header('content-disposition', `attachment; filename="${fileName}"`)
    .send(file.stream)
}
