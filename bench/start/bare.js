import { parentPort } from 'node:worker_threads'
import './component.js'

parentPort.postMessage({ steps: {}, used: process.threadCpuUsage() })
