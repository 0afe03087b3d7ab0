// npm socket.io-client, websocket transport alone, default options. FAULT is what an app on top of it does wrong.
'use strict'
const { io } = require('socket.io-client')
const { url, say, talk } = require('./talk.js')

const socket = io(url.replace(/^ws/, 'http'), { transports: ['websocket'] })
for (const event of ['connect', 'disconnect', 'connect_error']) socket.on(event, (why) => say(event, { why: String(why) }))
if (process.env.FAULT === 'returns-when-dismissed') socket.on('disconnect', (why) => why.includes('server') && socket.connect())
if (process.env.FAULT === 'hammers-when-refused') socket.on('connect_error', () => setTimeout(() => socket.disconnect().connect(), 100))
if (process.env.FAULT === 'forgets-its-session') socket.on('disconnect', () => { delete socket._pid; delete socket._lastOffset })
talk((n) => socket.emit('msg', n))
process.on('SIGUSR2', () => socket.disconnect())
