// npm socket.io-client, websocket transport alone, default options.
'use strict'
const { io } = require('socket.io-client')
const { url, say, talk } = require('./talk.js')

const socket = io(url.replace(/^ws/, 'http'), { transports: ['websocket'] })
for (const event of ['connect', 'disconnect', 'connect_error']) socket.on(event, (why) => say(event, { why: String(why) }))
talk((n) => socket.emit('msg', n))
process.on('SIGUSR2', () => socket.disconnect())
