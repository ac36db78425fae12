/** What a component's module imports. Kept small: every worker loads it. */
export { defineComponent } from './component/define.ts'
export type { ComponentContext, ComponentModule, PressureLevel } from './component/define.ts'
export type { ComponentLogger } from './observability/logger.ts'
