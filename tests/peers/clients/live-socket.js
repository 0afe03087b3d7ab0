// A socket for mini programs that comes back. Copy it into your app; it needs
// wx.connectSocket and nothing else. docs/mini-program.md tells why each part is there.
'use strict'

const defaults = {
  first: 1000, // the first wait is half of this to all of it, at random ...
  growth: 2, // ... each further one grows ...
  longest: 10000, // ... up to this
  steady: 5000, // a connection that was up so long makes the waits begin anew
  connect: 4000, // a handshake that is not answered is given up
  heartbeat: 5000, // we ask so often ...
  silence: 10000, // ... and when nothing at all came for so long, nobody is there
  most: 1000 // so many messages wait at most; of more the oldest are lost, and onlost tells
}

class LiveSocket {
  constructor (wx, url, options = {}) {
    this.wx = wx
    this.url = url
    this.options = { ...defaults, ...options }
    this.task = null // the present one; events of all others are ignored
    this.open = false
    this.stopped = false
    this.failures = 0 // in a row
    this.unacknowledged = [] // {n, data}, oldest first
    this.last = 0 // the last published number that we have got
    this.onmessage = () => {}
    this.onlost = () => {}
    this.onstate = () => {}
    this.connect()
  }

  connect () {
    if (this.stopped) return
    const task = this.task = this.wx.connectSocket({ url: this.url, timeout: this.options.connect })
    // Every task gets every handler, here and nowhere else; listeners attached later can miss the opening.
    task.onOpen(() => this.current(task, () => this.opened()))
    task.onMessage((res) => this.current(task, () => this.received(res.data)))
    task.onError(() => this.current(task, () => this.lost()))
    task.onClose(() => this.current(task, () => this.lost()))
  }

  current (task, what) {
    if (task === this.task) what()
    else if (task.readyState === 1) task.close({ code: 1000 }) // an opening that came too late
  }

  opened () {
    this.open = true
    this.heardAt = Date.now()
    this.onstate('open')
    // What we missed is asked for first, what was not acknowledged goes again before anything new.
    this.task.send({ data: JSON.stringify({ type: 'hello', last: this.last }) })
    for (const message of this.unacknowledged) this.task.send({ data: message.data })
    this.steadyTimer = setTimeout(() => { this.failures = 0 }, this.options.steady)
    this.heartbeatTimer = setInterval(() => this.beat(), this.options.heartbeat)
  }

  // A dead line raises no event: only a missing answer tells.
  beat () {
    if (Date.now() - this.heardAt >= this.options.silence) this.lost()
    else this.task.send({ data: '{"type":"ping"}' })
  }

  received (data) {
    this.heardAt = Date.now()
    const message = JSON.parse(data)
    if (message.type === 'ack') {
      this.unacknowledged = this.unacknowledged.filter((one) => one.n !== message.n)
    } else if (message.type === 'news') {
      if (message.n !== this.last + 1) return // twice, or before what is sent again: that comes
      this.last = message.n
      this.onmessage(message)
    }
  }

  // The one place from which a connection is given up, once for each, whatever and however many events told of it.
  lost () {
    const task = this.task
    this.task = null
    this.open = false
    clearTimeout(this.steadyTimer)
    clearInterval(this.heartbeatTimer)
    task.close({ code: 1000 }) // may take long on a dead line: nobody waits for it
    this.onstate('lost')
    if (this.stopped) return
    this.retryTimer = setTimeout(() => this.connect(), this.delay())
  }

  delay () {
    const ceiling = Math.min(this.options.first * this.options.growth ** this.failures++, this.options.longest)
    return ceiling * (0.5 + Math.random() / 2) // so that a thousand phones do not come back in the same moment
  }

  // `n` counts up by one; kept until the server says that it has it.
  send (n, data) {
    this.unacknowledged.push({ n, data })
    if (this.unacknowledged.length > this.options.most) this.onlost(this.unacknowledged.shift())
    if (this.open) this.task.send({ data })
  }

  stop () {
    this.stopped = true
    clearTimeout(this.retryTimer)
    if (this.task) this.lost()
  }
}

exports.LiveSocket = LiveSocket
