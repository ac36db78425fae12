/** What `import` takes as it is, wherever it is written: neither a path nor the name of a package. */
export function isModuleUrl(module: string): boolean {
  return /^(file|data|node|https?):/.test(module)
}
