'use strict'

// What a component's process starts with when it runs from the sources; the package has build/entries/process-bootstrap.cjs in its place.
void import('../src/host/process/process-worker.ts').then(({ serveProcess }) => serveProcess())
