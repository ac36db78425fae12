import work from './work.js'

process.on('message', ([id, method, argument]) => process.send([id, work[method](argument)]))
