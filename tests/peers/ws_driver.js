// Takes npm ws as a client through the cases of a serving: node ws_driver.js URL AGENT
'use strict';
const WebSocket = require('ws');
const [base, agent] = process.argv.slice(2);

function call(path, echoes) {
  return new Promise(resolve => {
    // The limits of ws are switched off: how large a message may be is its user's choice.
    const socket = new WebSocket(base + path, { maxPayload: 0, maxFragments: 0, maxBufferedChunks: 0 });
    let last = '';
    socket.on('message', (data, binary) => {
      last = data.toString();
      if (echoes) socket.send(data, { binary });
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(last));
  });
}

(async () => {
  const count = Number(await call('/getCaseCount', false));
  const name = encodeURIComponent(agent);
  for (let i = 1; i <= count; i++) await call(`/runCase?case=${i}&agent=${name}`, true);
  await call(`/updateReports?agent=${name}`, false);
})();
