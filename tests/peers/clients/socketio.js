// npm socket.io-client, websocket transport alone, default options. FAULT=returns-when-dismissed: as many apps have it.
'use strict'
const { io } = require('socket.io-client')
const { url, say, talk } = require('./talk.js')

const socket = io(url.replace(/^ws/, 'http'), { transports: ['websocket'] })
for (const event of ['connect', 'disconnect', 'connect_error']) socket.on(event, (why) => say(event, { why: String(why) }))
if (process.env.FAULT === 'returns-when-dismissed') socket.on('disconnect', (why) => why.includes('server') && socket.connect())
talk((n) => socket.emit('msg', n))
process.on('SIGUSR2', () => socket.disconnect())
