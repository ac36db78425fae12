import { expect, test } from 'vitest'
import { offlineBound } from '../../bench/policy/offline-bound.ts'
import { drawScenario } from './scenario.ts'
import { World } from './world.ts'
