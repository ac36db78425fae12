/** What a component's module imports. Kept small: every worker loads it. */
export { proxy, transfer, transferHandlers } from 'comlink'
export { callSignal } from './channel/call-context.ts'
export { defineComponent } from './component/define.ts'
export type { ComponentContext, ComponentModule, PressureLevel } from './component/define.ts'
export type { ComponentLogger } from './observability/logger.ts'
