import { parseAst } from 'rolldown/parseAst'
import { Visitor } from 'rolldown/utils'

export interface Replacements {
  /** What stands for `import.meta.<property>`; undefined: it stays. `*` is `import.meta` by itself. */
  readonly meta?: (property: string) => string | undefined
  /** What is called in place of `import`. */
  readonly call?: string
}

/** Replaces what code says of its own place. The same words in a string are for somebody to read, and stay. */
export function replaceExpressions(code: string, { meta, call }: Replacements): string {
  const edits: { readonly start: number; readonly end: number; readonly text: string | undefined }[] = []
  const named = new Set<number>()
  new Visitor({
    MemberExpression({ object, property, computed, start, end }) {
      if (object.type !== 'MetaProperty' || computed || property.type !== 'Identifier') return
      named.add(object.start)
      if (object.meta.name === 'import') edits.push({ start, end, text: meta?.(property.name) })
    },
    MetaProperty({ meta: { name }, start, end }) {
      if (name === 'import' && !named.has(start)) edits.push({ start, end, text: meta?.('*') })
    },
    ImportExpression({ start }) {
      edits.push({ start, end: start + 'import'.length, text: call })
    },
  }).visit(parseAst(code))
  edits.sort((one, other) => other.start - one.start)
  return edits.reduce(
    (text, edit) => (edit.text === undefined ? text : text.slice(0, edit.start) + edit.text + text.slice(edit.end)),
    code,
  )
}
