// npm sockette, default options.
'use strict'
require('./browser.js')
const Sockette = require('sockette')
const { url, say, talk } = require('./talk.js')

const socket = new Sockette(url, {
  onopen: () => say('open'),
  onclose: (event) => say('close', { code: event.code }),
  onerror: () => say('error'),
  onmaximum: () => say('gave-up')
})
talk((n, data) => socket.send(data))
process.on('SIGUSR2', () => socket.close(1000))
