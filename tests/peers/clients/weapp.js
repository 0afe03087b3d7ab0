// npm weapp.socket.io on the wx shim, default options. Its bundle looks for `window`.
'use strict'
const { wx } = require('./wx.js')
globalThis.wx = wx
globalThis.window = globalThis
// What it throws while it closes a socket that is not open yet would end the process; a mini program goes on.
process.on('uncaughtException', (error) => require('./talk.js').say('uncaught', { why: error.message }))
const io = require('weapp.socket.io')
const { url, say, talk } = require('./talk.js')

const socket = io(url.replace(/^ws/, 'http'), { transports: ['websocket'] })
for (const event of ['connect', 'disconnect', 'connect_error']) socket.on(event, (why) => say(event, { why: String(why) }))
talk((n) => socket.emit('msg', n))
process.on('SIGUSR2', () => socket.disconnect())
