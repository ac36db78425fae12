export type Yaml = string | number | boolean | Yaml[] | { [key: string]: Yaml }

interface Line {
  readonly indent: number
  readonly text: string
}

/**
 * Reads the part of YAML that these pages use: maps and lists by indentation, plain scalars, lists in brackets.
 *
 * @throws Error for what is not of that part, with the line.
 */
export function parseYaml(source: string): Yaml {
  const lines = source
    .split('\n')
    .map((text) => ({ indent: text.length - text.trimStart().length, text: text.trim() }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
  const value = readBlock(lines)
  const [left] = lines
  if (left) throw new Error(`Not indented as what is before it: ${left.text}`)
  return value
}

/** Takes the lines of one block from the beginning. */
function readBlock(lines: Line[]): Yaml {
  const [first] = lines
  if (!first) throw new Error('Something is missing at the end')
  return first.text.startsWith('- ') ? readList(lines, first.indent) : readMap(lines, first.indent)
}

function readList(lines: Line[], indent: number): Yaml[] {
  const list: Yaml[] = []
  for (let [line] = lines; line?.indent === indent && line.text.startsWith('- '); [line] = lines) {
    const text = line.text.slice(2)
    if (isEntry(text)) {
      lines[0] = { indent: indent + 2, text }
      list.push(readMap(lines, indent + 2))
    } else {
      lines.shift()
      list.push(scalar(text))
    }
  }
  return list
}

function readMap(lines: Line[], indent: number): Yaml {
  const map: Record<string, Yaml> = {}
  for (let [line] = lines; line?.indent === indent; [line] = lines) {
    const { key, rest } = /^(?<key>[\w./-]+):(?: +(?<rest>.+))?$/.exec(line.text)?.groups ?? {}
    if (key === undefined) throw new Error(`No key and value: ${line.text}`)
    if (key in map) throw new Error(`A second "${key}"`)
    lines.shift()
    if (rest !== undefined) map[key] = scalar(rest)
    else if ((lines[0]?.indent ?? -1) > indent || lines[0]?.text.startsWith('- ')) map[key] = readBlock(lines)
    else throw new Error(`Nothing under ${line.text}`)
  }
  return map
}

const isEntry = (text: string): boolean => /^[\w./-]+:(?: |$)/.test(text)

function scalar(text: string): Yaml {
  const list = /^\[(.*)\]$/.exec(text)?.[1]
  if (list !== undefined) return list.split(',').map((each) => scalar(each.trim()))
  if (/[{}&*!|>'"%@`#]/.test(text)) throw new Error(`More of YAML than is read here: ${text}`)
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text
}
