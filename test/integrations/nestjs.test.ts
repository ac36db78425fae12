import 'reflect-metadata'
import { Inject, Injectable, Module } from '@nestjs/common'
import type { DynamicModule, INestApplicationContext, OnModuleInit } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ComponentFamily } from '../../src/component/family.ts'
import { ComponentCoordinator } from '../../src/coordinator.ts'
import {
  isCoordinatorShutdownError,
  isDuplicateComponentError,
  isInvalidOptionsError,
} from '../../src/contract/errors.ts'
import { withCallOptions } from '../../src/index.ts'
import type { Remote } from '../../src/index.ts'
import {
  componentToken,
  familyToken,
  InjectComponent,
  InjectFamily,
  SpillwayHealth,
  SpillwayModule,
} from '../../src/integrations/nestjs.ts'
import type { SpillwayModuleOptions } from '../../src/integrations/nestjs.ts'
import type counting from '../fixtures/counting.ts'
import { startServer } from './child.ts'
import { endUnderLoad, tally } from './load.ts'

type Counting = Remote<typeof counting>
const module = new URL('../fixtures/counting.ts', import.meta.url)
const coordinatorOptions = { spareWorkers: 0, logger: pino({ level: 'silent' }) }
const quiet: SpillwayModuleOptions = { coordinator: coordinatorOptions }

async function start(...imports: DynamicModule[]): Promise<INestApplicationContext> {
  // oxlint-disable-next-line typescript/no-extraneous-class -- a module is a class to Nest
  class AppModule {}
  Module({ imports })(AppModule)
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false })
  onTestFinished(async () => app.close())
  return app
}

describe('the module', () => {
  test('provides the coordinator, the health, components by token, and loads nothing by itself', async () => {
    const app = await start(SpillwayModule.forRoot(quiet), SpillwayModule.forFeature([{ name: 'counting', module }]))
    const coordinator = app.get(ComponentCoordinator)
    const component = app.get<Counting>(componentToken('counting'))
    expect(coordinator.info('counting').state).toBe('unloaded')
    expect(app.get(SpillwayHealth).readiness()).toMatchObject({ ok: true, status: 'ok', pressure: 'low' })
    expect(await component.work(0)).toBe(1)
    expect(await withCallOptions(component, { timeout: 5_000 }).work(0)).toBe(2)
    await app.close()
    expect(app.get(SpillwayHealth).readiness()).toMatchObject({ ok: false, status: 'closed' })
    await expect(coordinator.getComponent('counting')).rejects.toSatisfy(isCoordinatorShutdownError)
  })

  test('injects components and families into the providers of other modules', async () => {
    class Consumer implements OnModuleInit {
      readonly component: Counting
      readonly family: ComponentFamily<typeof counting>
      result: number | undefined
      constructor(component: Counting, family: ComponentFamily<typeof counting>) {
        this.component = component
        this.family = family
      }
      async onModuleInit(): Promise<void> {
        this.result = (await this.component.work(0)) + (await this.family.get('a').work(0))
      }
    }
    Injectable()(Consumer)
    InjectComponent('counting')(Consumer, undefined, 0)
    InjectFamily('counters')(Consumer, undefined, 1)
    // oxlint-disable-next-line typescript/no-extraneous-class -- a module is a class to Nest
    class FeatureModule {}
    Module({
      imports: [SpillwayModule.forFeature([{ name: 'counting', module }], [{ name: 'counters', module }])],
      providers: [Consumer],
      exports: [Consumer],
    })(FeatureModule)
    const app = await start(SpillwayModule.forRoot(quiet), { module: FeatureModule })
    expect(app.get(Consumer).result).toBe(2)
    expect(
      app
        .get(ComponentCoordinator)
        .list()
        .map(({ name }) => name),
    ).toEqual(['counting', 'counters:a'])
    expect(app.get(familyToken('counters'), { strict: false })).toBe(app.get(Consumer).family)
  })

  test('takes options that other providers have a part in', async () => {
    class Settings {
      readonly totalLimit = 512 * 1024 ** 2
    }
    // oxlint-disable-next-line typescript/no-extraneous-class -- a module is a class to Nest
    class SettingsModule {}
    Module({ providers: [Settings], exports: [Settings] })(SettingsModule)
    const app = await start(
      SpillwayModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: async ({ totalLimit }: Settings) => ({
          coordinator: { ...coordinatorOptions, memory: { totalLimit } },
          preload: ['counting'],
        }),
      }),
      SpillwayModule.forFeature([{ name: 'counting', module }]),
    )
    const coordinator = app.get(ComponentCoordinator)
    expect(coordinator.memory.limit).toBe(512 * 1024 ** 2)
    expect(coordinator.info('counting').state).toBe('ready')
  })

  test('takes a coordinator of the program, and leaves it running if it is to', async () => {
    await using coordinator = new ComponentCoordinator(coordinatorOptions)
    const app = await start(
      SpillwayModule.forRoot({ coordinator, shutdown: false }),
      SpillwayModule.forFeature([{ name: 'counting', module }]),
    )
    expect(app.get(ComponentCoordinator)).toBe(coordinator)
    await app.close()
    expect(await coordinator.component<typeof counting>('counting').work(0)).toBe(1)
  })

  test('components are still there while the application winds down', async () => {
    const results: unknown[] = []
    class Last {
      readonly component: Counting
      constructor(component: Counting) {
        this.component = component
      }
      async onModuleDestroy(): Promise<void> {
        results.push(await this.component.work(0))
      }
      async beforeApplicationShutdown(): Promise<void> {
        results.push(await this.component.work(0))
      }
    }
    Inject(componentToken('counting'))(Last, undefined, 0)
    // oxlint-disable-next-line typescript/no-extraneous-class -- a module is a class to Nest
    class LastModule {}
    Module({ imports: [SpillwayModule.forFeature([{ name: 'counting', module }])], providers: [Last] })(LastModule)
    const app = await start(SpillwayModule.forRoot(quiet), { module: LastModule })
    await app.close()
    expect(results).toEqual([1, 2])
  })

  test.each([
    ['drainDelay', { drainDelay: -1 }],
    ['preload', { preload: 'counting' as unknown as string[] }],
    ['shutdown', { shutdown: 1 as unknown as boolean }],
    ['unreadyAt', { unreadyAt: 'none' as 'low' }],
    ['unready', { unready: 'high' }],
    ['coordinator', { coordinator: 7 as never }],
  ] as const)('names a bad option: %s', async (option, options) => {
    await expect(start(SpillwayModule.forRoot({ ...quiet, ...options }))).rejects.toSatisfy(
      (error) => isInvalidOptionsError(error) && error.option === option,
    )
  })

  test('fails when a component is registered twice', async () => {
    const twice = [1, 2].map(() => SpillwayModule.forFeature([{ name: 'counting', module }]))
    await expect(start(SpillwayModule.forRoot(quiet), ...twice)).rejects.toSatisfy(isDuplicateComponentError)
  })
})

test('an application that is ended by SIGTERM under load answers every request', async () => {
  const server = await startServer('nest-server.ts', JSON.stringify({ drainDelay: 1_000 }))
  const { outcomes, exit } = await endUnderLoad(server)
  const { length } = outcomes
  expect(tally(outcomes)).toEqual({ '200': length })
  // Nest hands the signal on once it is done.
  expect(exit).toEqual({ code: null, signal: 'SIGTERM' })
  expect(server.lines.map((line) => JSON.parse(line) as unknown)).toEqual([{ received: length, answered: length }])
})
