import { defineComponent } from '../../src/worker.ts'

/** Allocates at each call, so its young generation is collected again and again, as any busy component's is. */
export default defineComponent(() => {
  const recent: unknown[] = []
  return {
    work(): void {
      for (let i = 0; i < 20_000; i++) recent[i % 1_000] = { i }
    },
  }
})
