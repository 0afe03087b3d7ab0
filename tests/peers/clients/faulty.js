// The reference of these tests: a client that does all that the checks ask for
// (live-socket.js), or has exactly one thing wrong, named by FAULT. Each check is
// seen failing on at least one of them (tests/e2e/resilience.py has the table).
// It ends a dead connection at once, which a mini program cannot.
'use strict'
const { wx } = require('./wx.js')
const { LiveSocket } = require('./live-socket.js')
const { url, factor, say, talk } = require('./talk.js')

const fault = process.env.FAULT || ''
const has = (name) => fault === name
const stops = (process.env.STOPS || '').split(',').map(Number) // close codes behind which it stays away
const atMostOnce = process.env.AT_MOST_ONCE === '1' // nothing is kept, nothing sent again

const times = { first: 1000, longest: 10000, steady: 5000, connect: 8000, heartbeat: 5000, silence: 10000 }
if (has('constant-waits')) times.growth = 1
if (has('long-waits')) times.longest = 60000
if (has('hasty-heartbeat')) times.heartbeat = times.silence = 1500
if (has('no-heartbeat') || fault.startsWith('blind-to')) times.heartbeat = 1e9
if (has('never-steady')) times.steady = 1e9
if (has('endless-queue')) times.most = 1e9
for (const name of Object.keys(times)) if (name !== 'growth') times[name] *= factor

// Failures that the fault makes it blind to: neither error nor close reaches it.
const blindTo = {
  'blind-to-redirects': /response: 302/,
  'blind-to-wrong-key': /Sec-WebSocket-Accept/,
  'blind-to-no-upgrade': /Upgrade|response: 101/,
  'blind-to-garbage': /RSV|opcode|FIN|masked|payload length|status code|UTF-8/
}[fault]

class Client extends LiveSocket {
  connect () {
    super.connect()
    const task = this.task
    if (!task) return
    this.connects = (this.connects || 0) + 1
    if (has('no-connect-timeout')) clearTimeout(task.limit)
    task.onOpen(() => this.wrongWhenOpen(task))
    if (has('second-drop') && this.connects > 1) this.deafen(task)
    if (has('needs-server-at-start') && this.connects === 1) {
      task.handlers.error.unshift((res) => { if (/ECONNREFUSED/.test(res.errMsg)) this.stopped = true })
    }
    if (blindTo) {
      task.handlers.error.unshift((res) => { if (blindTo.test(res.errMsg)) this.deafen(task) })
    }
    task.handlers.close.unshift((res) => {
      if (stops.includes(res.code) && !has('returns-always')) this.stopped = true
      if (has('stays-away') && res.code > 999 && res.code !== 1006) this.stopped = true
      if (has('no-return')) this.stopped = true
    })
    if (has('events-of-old-ones')) {
      this.current = (one, what) => { if (this.task) what() }
    }
  }

  deafen (task) {
    task.handlers.close.splice(0)
    task.handlers.error.splice(0)
  }

  wrongWhenOpen (task) {
    const socket = task.socket
    if (has('no-pong')) socket._autoPong = false
    if (has('no-close-answer')) socket._receiver.removeAllListeners('conclude')
    if (has('keeps-half-open')) socket._socket.end = () => {}
  }

  opened () {
    if (has('forgets-at-open') || atMostOnce) this.unacknowledged = []
    const waiting = this.unacknowledged
    if (has('queue-first')) for (const message of waiting) this.task.send({ data: message.data })
    if (has('forgets-subscriptions') && this.connects > 1) this.task.send = (options) => this.unsubscribed(options)
    super.opened()
    for (let i = 0; has('floods') && i < 5; i++) for (const message of waiting) this.task.send({ data: message.data })
    if (has('resumes-from-start')) this.task.send({ data: '{"type":"hello","last":0}' })
    if (this.twice) this.tryAgain()
  }

  // The second try of a failure, which comes when the first has long done it.
  tryAgain () {
    const first = this.task
    this.twice = false
    clearInterval(this.heartbeatTimer)
    this.connect()
    first.close({ code: 1000 })
  }

  unsubscribed (options) {
    if (!/hello/.test(options.data)) Object.getPrototypeOf(this.task).send.call(this.task, options)
  }

  received (data) {
    const message = JSON.parse(data)
    if (has('newest-only') && message.type === 'news') {
      if (message.n <= this.last) return
      this.last = message.n - 1
    }
    if (has('resumes-from-start') && message.type === 'news') this.last = message.n - 1
    super.received(data)
  }

  lost () {
    const task = this.task
    if (has('keeps-old')) task.close = () => {}
    super.lost()
    this.twice = has('two-per-failure')
    if (task && !has('keeps-old') && !has('events-of-old-ones')) task.socket.terminate()
    if (has('resumes-never')) this.last = 1e6
    if (has('gives-up') && this.failures > 3) this.stop()
  }

  delay () {
    if (has('no-first-wait') && this.failures === 0) return this.failures++
    if (has('no-waits')) return 0
    const delay = super.delay()
    return has('no-jitter') ? Math.min(times.first * 2 ** (this.failures - 1), times.longest) : delay
  }

  stop () {
    if (has('stop-forgets-timer')) return
    super.stop()
  }

  send (n, data) {
    if (atMostOnce) {
      if (this.open) this.task.send({ data })
      if (this.open && has('repeats') && n % 5 === 0) this.task.send({ data })
      return
    }
    if (has('drops-while-down') && !this.open) return
    super.send(n, data)
    if (has('forgets-what-was-sent') && this.open) this.unacknowledged = []
  }
}

const clients = [new Client(wx, url, times)]
if (has('two-at-start')) clients.push(new Client(wx, url, times))
for (const client of clients) {
  client.onstate = (state) => say(state)
  client.onmessage = (message) => say('message', { n: message.n })
}
let held = null
talk((n, data) => {
  if (!has('reorders')) return clients[0].send(n, data)
  if (n % 5 === 0) held = { n, data }
  else clients[0].send(n, data)
  if (held && n % 5 === 1) clients[0].send(held.n, held.data)
})
process.on('SIGUSR2', () => { for (const client of clients) client.stop() })
