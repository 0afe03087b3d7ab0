// The socket part of a mini program's `wx`, on Node: wx.connectSocket and its
// SocketTask as they are documented, on top of npm ws.
//   - a task's listeners are the only way to hear of it; there is no way to take one off
//   - send before the opening or behind the end calls `fail`, nothing is queued
//   - close before the opening does not stop the connect; the connect timeout does (60 s by default and at most)
//   - five sockets at once, no more
//   - no ping, no bufferedAmount, no way to end TCP
// WX_FAILED_CONNECT=error-only: a connect that fails gives onError alone; by default onClose follows.
'use strict'
const WebSocket = require('ws')
const { factor } = require('./talk.js')

const MOST_SOCKETS = 5
const LONGEST_CONNECT = 60000
const CLOSE_WAIT = 30000
const states = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }
let open = 0
let tasks = 0

function call (options, name, value) {
  if (options && typeof options[name] === 'function') options[name](value)
  if (options && typeof options.complete === 'function') options.complete(value)
}

class SocketTask {
  constructor (options) {
    this.readyState = states.CONNECTING
    this.handlers = { open: [], message: [], error: [], close: [] }
    const timeout = Math.min(options.timeout || LONGEST_CONNECT, LONGEST_CONNECT) // of the caller's: at its pace already
    const headers = { ...options.header, Referer: 'https://servicewechat.com/wx0000000000000000/devtools/page-frame.html' }
    const socket = this.socket = new WebSocket(options.url, options.protocols || [], {
      headers,
      perMessageDeflate: options.perMessageDeflate === true,
      closeTimeout: CLOSE_WAIT * factor
    })
    socket.binaryType = 'arraybuffer'
    // In all, not since the last byte: that is what the documentation calls it.
    const limit = this.limit = setTimeout(() => socket.terminate(), options.timeout ? timeout : LONGEST_CONNECT * factor)
    socket.on('open', () => {
      clearTimeout(limit)
      this.readyState = states.OPEN
      this.tell('open', { header: {}, profile: {} })
    })
    socket.on('message', (data, binary) => this.tell('message', { data: binary ? data : Buffer.from(data).toString() }))
    socket.on('error', (error) => {
      this.failed = this.readyState === states.CONNECTING
      this.tell('error', { errMsg: `connectSocket:fail ${error.message}` })
    })
    socket.on('close', (code, reason) => {
      clearTimeout(limit)
      this.readyState = states.CLOSED
      open--
      if (!(this.failed && process.env.WX_FAILED_CONNECT === 'error-only')) {
        this.tell('close', { code, reason: reason.toString() || (code === 1006 ? 'abnormal closure' : '') })
      }
    })
  }

  // What a listener throws is the app's own trouble and stops nobody else.
  tell (event, value) {
    for (const handler of this.handlers[event]) {
      try {
        handler(value)
      } catch (error) {
        process.nextTick(() => { throw error })
      }
    }
  }

  onOpen (handler) { this.handlers.open.push(handler) }
  onMessage (handler) { this.handlers.message.push(handler) }
  onError (handler) { this.handlers.error.push(handler) }
  onClose (handler) { this.handlers.close.push(handler) }

  send (options) {
    if (this.readyState !== states.OPEN) {
      setTimeout(call, 0, options, 'fail', { errMsg: 'sendSocketMessage:fail SocketTask.readyState is not OPEN' })
      return
    }
    this.socket.send(options.data)
    setTimeout(call, 0, options, 'success', { errMsg: 'sendSocketMessage:ok' })
  }

  close (options = {}) {
    if (this.readyState === states.OPEN) {
      this.readyState = states.CLOSING
      this.socket.close(options.code === undefined ? 1000 : options.code, options.reason || '')
    }
    setTimeout(call, 0, options, 'success', { errMsg: 'closeSocket:ok' })
  }
}
Object.assign(SocketTask.prototype, states)

exports.wx = {
  connectSocket (options) {
    tasks++
    if (open >= MOST_SOCKETS) { // the task is there all the same, and only its error event tells
      const task = Object.create(SocketTask.prototype)
      Object.assign(task, { readyState: states.CLOSED, handlers: { open: [], message: [], error: [], close: [] } })
      setTimeout(() => task.tell('error', {
        errMsg: `createSocketTask:fail wcwss taskID=${tasks} exceed max concurrent count`
      }), 0)
      return task
    }
    open++
    const task = new SocketTask(options)
    setTimeout(call, 0, options, 'success', { errMsg: 'connectSocket:ok', socketTaskId: tasks })
    return task
  },
  // Its own storage and network events are not part of this.
  onNetworkStatusChange () {},
  getSystemInfoSync: () => ({ platform: 'devtools' })
}
