// npm reconnecting-websocket, default options.
'use strict'
const { WebSocket } = require('./browser.js')
const ReconnectingWebSocket = require('reconnecting-websocket')
const { url, say, talk } = require('./talk.js')

const socket = new ReconnectingWebSocket(url, [], { WebSocket })
for (const event of ['open', 'close', 'error']) socket.addEventListener(event, () => say(event))
talk((n, data) => socket.send(data))
process.on('SIGUSR2', () => socket.close())
