import { threadId } from 'node:worker_threads'
import { defineComponent } from '../../worker.ts'

let rendered = 0

/** Renders what is not trusted to leave nothing behind: globals that it changed, memory that it leaked. */
export default defineComponent(() => ({
  render(template: string, values: Readonly<Record<string, string>>): { page: string; pages: number; thread: number } {
    const page = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
    return { page, pages: ++rendered, thread: threadId }
  },
}))
