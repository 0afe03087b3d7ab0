// What every client here does beside coming back: it sends ten numbered messages
// a second (or as many as it is asked for), whatever its connection does, and says on its standard output
// what happens, one JSON line each. The profiles know the messages by their numbers.
'use strict'

// How much faster than life a check is played.
exports.factor = Number(process.env.WSGAUNTLET_FACTOR || 1)
exports.url = process.argv[2]
if (!exports.url) {
  process.stderr.write('usage: node CLIENT.js URL\n')
  process.exit(2)
}

exports.say = (event, more) => process.stdout.write(JSON.stringify({ event, ...more }) + '\n')

// `send(n, text)` may throw, drop or queue: that is what is looked at.
exports.talk = (send) => {
  const every = 1000 * exports.factor / Number(process.env.WSGAUNTLET_RATE || 10)
  const began = Date.now()
  let n = 0
  setInterval(() => {
    for (const due = (Date.now() - began) / every; n < due;) {
      n++
      try {
        send(n, JSON.stringify({ type: 'msg', n }))
      } catch (error) {
        exports.say('unsent', { n, why: error.message })
      }
    }
  }, Math.max(every, 10))
}

// A published message, {"type":"news","n":5}: the harness counts them.
exports.heard = (text) => {
  let message
  try {
    message = JSON.parse(text)
  } catch {
    return
  }
  if (message && message.type === 'news') exports.say('message', { n: message.n })
}
