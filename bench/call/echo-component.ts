import { defineComponent } from 'spillway/worker'

export default defineComponent(() => ({
  echo: (value: unknown): unknown => value,
}))
