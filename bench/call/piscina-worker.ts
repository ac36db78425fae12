export default function echo(value: unknown): unknown {
  return value
}
