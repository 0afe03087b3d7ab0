// A mini program that keeps its connection: live-socket.js on the shim.
'use strict'
const { wx } = require('./wx.js')
const { LiveSocket } = require('./live-socket.js')
const { url, factor, say, talk } = require('./talk.js')

const times = { first: 1000, longest: 10000, steady: 5000, connect: 4000, heartbeat: 5000, silence: 10000 }
for (const name of Object.keys(times)) times[name] *= factor

const socket = new LiveSocket(wx, url, times)
socket.onstate = (state) => say(state)
socket.onmessage = (message) => say('message', { n: message.n })
talk((n, data) => socket.send(n, data))
process.on('SIGUSR2', () => socket.stop())
