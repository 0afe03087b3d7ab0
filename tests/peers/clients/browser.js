// What libraries for browsers look for, on Node: WebSocket is npm ws.
'use strict'
const { WebSocket } = require('ws')

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
