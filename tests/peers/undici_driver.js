// Takes undici's WebSocket (the one that Node.js has built in) through the cases of a serving: node undici_driver.js URL AGENT
'use strict';
const { WebSocket } = require('undici');
const [base, agent] = process.argv.slice(2);

function call(path, echoes) {
  return new Promise(resolve => {
    const socket = new WebSocket(base + path);
    let last = '';
    const timer = setTimeout(() => resolve(last), 5000); // some failures it never tells
    socket.binaryType = 'arraybuffer';
    socket.onmessage = event => {
      last = event.data;
      if (echoes) socket.send(event.data);
    };
    socket.onclose = () => {
      clearTimeout(timer);
      resolve(last);
    };
  });
}

(async () => {
  const count = Number(await call('/getCaseCount', false));
  const name = encodeURIComponent(agent);
  for (let i = 1; i <= count; i++) await call(`/runCase?case=${i}&agent=${name}`, true);
  await call(`/updateReports?agent=${name}`, false);
  process.exit(0); // it keeps idle sockets
})();
