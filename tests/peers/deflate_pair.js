// npm ws on both sides of a proxy, everything compressed: a server that says five messages, a client that does. Prints the
// server's port, reads the proxy's, and at the end tells what each has got and what was agreed on, as JSON.
'use strict'
const WebSocket = require('ws')
const deflate = { threshold: 0 } // context takeover, as by default
const words = ['one', 'two', 'three', 'four', 'five'].map((word) => `${word} ${'again and again '.repeat(20)}`)
const got = { client: [], server: [] }

const server = new WebSocket.Server({ port: 0, host: '127.0.0.1', perMessageDeflate: deflate })
server.on('connection', (socket) => {
  socket.on('message', (data) => got.server.push(String(data)))
  for (const word of words) socket.send(word)
})
server.on('listening', () => console.log(`listening on ${server.address().port}`))

process.stdin.once('data', (port) => {
  const client = new WebSocket(`ws://127.0.0.1:${Number(port)}/`, { perMessageDeflate: deflate })
  let extensions = null
  client.on('upgrade', (response) => { extensions = response.headers['sec-websocket-extensions'] || null })
  client.on('message', (data) => {
    got.client.push(String(data))
    if (got.client.length === 1) for (const word of words) client.send(word)
    if (got.client.length === Number(process.argv[2])) client.close()
  })
  client.on('close', (code) => {
    const short = (list) => list.map((text) => text.split(' ')[0])
    console.log(JSON.stringify({ code, extensions, client: short(got.client), server: short(got.server) }))
    process.exit()
  })
  client.on('error', (error) => console.log(JSON.stringify({ error: error.message })))
})
