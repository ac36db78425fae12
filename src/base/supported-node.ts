/**
 * Whatever the package exports begins with this module: on an older Node, what it imports next fails over the first thing that is missing there. All of it is
 * linked before, so that no module may import by name what an older Node does not have; it takes that from the default import.
 */
const oldest = 24

if (Number.parseInt(process.versions.node, 10) < oldest) {
  throw new Error(`spillway needs Node ${oldest} or later; this is ${process.version}`)
}
