// The server that scenarios/socketio/ is played against, with the events that
// docs/socketio.md asks of one: npm socket.io 4, or 2 with `node socketio_server.js PORT 2`.
'use strict'
const old = process.argv[3] === '2'
const http = require('http').createServer()
const options = { pingInterval: 500, pingTimeout: 400, connectTimeout: 1000, maxHttpBufferSize: 1e6 }
const io = old
  ? require('socket.io-2')(http, options)
  : new (require('socket.io').Server)(http, { ...options, connectionStateRecovery: {} })

function serve (socket) {
  socket.on('echo', (...args) => {
    const ack = args[args.length - 1]
    if (typeof ack === 'function') ack(...args.slice(0, -1))
    else socket.emit('echo', ...args)
  })
  socket.on('ask', (...args) => socket.emit('question', ...args, (...answer) => socket.emit('answer', ...answer)))
  socket.on('kick', (transport) => socket.disconnect(transport === true))
  socket.on('whoami', (ack) => ack(socket.id, (old ? socket.handshake.query : socket.handshake.auth).token || null))
  socket.on('tell', (id, ...args) => {
    const ack = args.pop()
    socket.nsp.to(id).emit('told', ...args)
    ack()
  })
}
io.on('connection', serve)
io.of('/chat').on('connection', serve)
io.of('/locked').use((socket, next) => {
  const token = (old ? socket.handshake.query : socket.handshake.auth).token
  if (token === 'secret') return next()
  next(Object.assign(new Error('not authorized'), { data: { code: 42 } }))
}).on('connection', serve)

http.listen(Number(process.argv[2]), '127.0.0.1')
