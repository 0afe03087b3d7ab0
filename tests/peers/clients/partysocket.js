// npm partysocket, its plain WebSocket, default options.
'use strict'
const { WebSocket } = require('./browser.js')
const PartySocket = require('partysocket/ws').default
const { url, say, talk } = require('./talk.js')

const socket = new PartySocket(url, [], { WebSocket })
for (const event of ['open', 'close', 'error']) socket.addEventListener(event, () => say(event))
talk((n, data) => socket.send(data))
process.on('SIGUSR2', () => socket.close())
