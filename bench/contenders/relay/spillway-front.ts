import { defineComponent } from 'spillway/worker'
import type { Remote } from 'spillway'
import type work from '../work.js'
import { measureRelay } from './measure.ts'

export default defineComponent((_: undefined, { dependencies }) => {
  const { back } = dependencies as { back: Remote<typeof work> }
  return { measure: (width: number, time: number) => measureRelay((value) => back.echo(value), width, time) }
})
