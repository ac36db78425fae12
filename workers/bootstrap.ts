export { serveThread as default } from '../src/host/thread-worker.ts'

// What a component's worker starts with when it runs from the sources; the package has build/entries/bootstrap.cjs in its place.
//
// Piscina tries require() first, and Node 26.10 aborts the whole process when a worker is ended just as the require() of an ES module comes to its end
// ("Assertion failed: facade->InstantiateModule"). A module that awaits cannot be required, so Piscina imports it.
await Promise.resolve()
