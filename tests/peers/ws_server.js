// npm ws as a testee: echoes on every path, keeps sessions on /live.
//   node ws_server.js PORT [CERT KEY]      (wss with a certificate)
// /live, subprotocol ticks.v1: {"op":"subscribe","channel":C} is answered with a session id and tick 1;
// {"op":"resume","session":S,"after":N} with tick N+1.
'use strict';
const fs = require('node:fs');
const { WebSocketServer } = require('ws');

const [port, cert, key] = process.argv.slice(2);
// What is no opening handshake is answered as ws does on a port of its own.
const upgradeRequired = (request, response) => response.writeHead(426, { Upgrade: 'websocket', Connection: 'Upgrade' }).end();
const server = cert
  ? require('node:https').createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) }, upgradeRequired)
  : require('node:http').createServer(upgradeRequired);

// id -> channel; the id comes from the channel, so that a run with the same seed sends the same bytes
const sessions = new Map();

function live(socket, text) {
  const request = JSON.parse(text);
  if (request.op === 'subscribe') {
    const session = Buffer.from(request.channel).toString('hex');
    sessions.set(session, request.channel);
    socket.send(JSON.stringify({ session }));
    socket.send(JSON.stringify({ channel: request.channel, seq: 1 }));
  } else if (request.op === 'resume' && sessions.has(request.session)) {
    socket.send(JSON.stringify({ channel: sessions.get(request.session), seq: request.after + 1 }));
  } else {
    socket.close(1008, 'unknown session');
  }
}

const sockets = new WebSocketServer({
  server,
  perMessageDeflate: true,
  handleProtocols: (offered) => ['ticks.v1', 'chat', 'superchat'].find((p) => offered.has(p)) || false,
});
sockets.on('connection', (socket, request) => {
  const isLive = request.url.startsWith('/live');
  socket.on('error', () => {}); // a broken peer is the test's business, not a reason to stop
  socket.on('message', (data, isBinary) => {
    if (isLive) live(socket, data.toString());
    else socket.send(data, { binary: isBinary });
  });
});
server.listen(Number(port), '127.0.0.1');
