// The pattern that tutorials show to mini-program developers: onClose makes a
// new socket a second later. The new socket gets onOpen and onMessage, and no
// onClose: so it is the last one.
'use strict'
const { wx } = require('./wx.js')
const { url, factor, say, talk } = require('./talk.js')

let socketTask = wx.connectSocket({ url })

socketTask.onOpen(() => say('open'))
socketTask.onError((res) => say('error', res))
socketTask.onMessage(() => {})
socketTask.onClose(() => {
  say('close')
  setTimeout(() => createWebSocket(), 1000 * factor)
})

function createWebSocket () {
  socketTask = wx.connectSocket({ url })
  socketTask.onOpen(() => say('open'))
  socketTask.onMessage(() => {})
}

talk((n, data) => socketTask.send({ data, fail: (why) => say('unsent', { n, why: why.errMsg }) }))
setInterval(() => {}, 1 << 30) // a mini program lives on without a socket
