// npm robust-websocket, default options.
'use strict'
require('./browser.js')
const RobustWebSocket = require('robust-websocket')
const { url, say, talk } = require('./talk.js')

const socket = new RobustWebSocket(url)
for (const event of ['open', 'close', 'error', 'timeout']) socket.addEventListener(event, () => say(event))
talk((n, data) => socket.send(data))
process.on('SIGUSR2', () => socket.close())
