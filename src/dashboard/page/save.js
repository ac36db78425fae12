/**
 * Has the browser keep something as a file.
 *
 * @param {Blob} blob
 * @param {string} fileName
 */
export function save(blob, fileName) {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
