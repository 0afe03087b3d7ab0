// What libraries for browsers look for, on Node: WebSocket is npm ws.
'use strict'
const Ws = require('ws')

// In a browser, an error that nobody listens for is no end of the program.
class WebSocket extends Ws {
  constructor (...args) {
    super(...args)
    this.on('error', () => {})
  }
}

globalThis.WebSocket = WebSocket
globalThis.window = globalThis
if (!globalThis.navigator) Object.defineProperty(globalThis, 'navigator', { value: { onLine: true } })
globalThis.addEventListener = globalThis.removeEventListener = () => {}
if (!globalThis.CustomEvent) {
  globalThis.CustomEvent = class CustomEvent extends Event {
    constructor (type, options = {}) {
      super(type, options)
      this.detail = options.detail
    }
  }
}
exports.WebSocket = WebSocket
