// The client that the client's cases of scenarios/socketio/ are played against, with the events that docs/socketio.md
// asks of one: npm socket.io-client 4, 2, or weapp.socket.io on the wx shim.
//     node socketio_app.js URL [4|2|weapp]
'use strict'
const which = process.argv[3] || '4'
const url = process.argv[2].replace(/^ws/, 'http')
const options = {
  transports: ['websocket'], auth: { token: 'wsgauntlet' }, query: { from: 'wsgauntlet' },
  reconnectionDelay: 20, reconnectionDelayMax: 50, timeout: 500
}

function library () {
  if (which === '4') return require('socket.io-client').io
  if (which === '2') return require('socket.io-client-2')
  globalThis.wx = require('./wx.js').wx
  globalThis.window = globalThis
  process.on('uncaughtException', () => {}) // what it throws while it closes a socket that is not open yet
  return require('weapp.socket.io')
}
const io = library()
const joined = new Map()

function talk (socket) {
  socket.on('echo', (...args) => {
    const ack = args[args.length - 1]
    if (typeof ack === 'function') ack(...args.slice(0, -1))
    else socket.emit('echo', ...args)
  })
  socket.on('ask', (...args) => socket.emit('question', ...args, (...answer) => socket.emit('answer', ...answer)))
  socket.on('leave', () => socket.disconnect())
  socket.on('join', (name) => {
    if (joined.has(name)) return joined.get(name).connect()
    joined.set(name, main.io.socket(name, options))
    talk(joined.get(name))
  })
}

const main = io(url, options)
talk(main)
main.on('disconnect', (why) => {
  for (const other of joined.values()) other.disconnect()
  // Who was sent away comes back when the app wants it.
  if (why === 'io server disconnect' || why === 'io client disconnect') setTimeout(() => main.connect(), 800)
})
