// Takes npm ws through the cases of a serving, and follows the hints that it can: node ws_hints_driver.js URL AGENT
// (docs/testing-clients.md). It knows no proxy, and no order of offers.
'use strict';
const WebSocket = require('ws');
const [base, agent] = process.argv.slice(2);
const plain = { maxPayload: 0, maxFragments: 0, maxBufferedChunks: 0 };

// What a hint asks for, as options of ws; undefined: it cannot.
const followers = {
  urls: () => ({}),
  protocols: () => ({}),
  close: () => ({}),
  limit: bytes => ({ maxPayload: bytes }),
  window: bits => ({ perMessageDeflate: { serverMaxWindowBits: bits, threshold: 0 } }),
  extensions: offers => offerOf(offers),
  untrusted: () => (process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0' ? undefined : {}),
};

// ws makes one offer, of these parameters.
function offerOf(offers) {
  const options = { threshold: 0, clientMaxWindowBits: false };
  const [name, ...parameters] = offers[0].split(/ *; */);
  if (offers.length !== 1 || name !== 'permessage-deflate') return undefined;
  for (const parameter of parameters) {
    const [key, value] = parameter.split('=');
    if (key === 'server_max_window_bits') options.serverMaxWindowBits = Number(value);
    else if (key === 'client_max_window_bits') options.clientMaxWindowBits = value ? Number(value) : true;
    else return undefined;
  }
  return { perMessageDeflate: options };
}

function optionsOf(hint) {
  const all = { ...plain };
  for (const [name, value] of Object.entries(hint)) {
    const options = followers[name] && followers[name](value);
    if (!options) return undefined;
    Object.assign(all, options);
  }
  return all;
}

// One connection until it ends: was it open, and its last message.
function connect(url, { protocols = [], options = plain, echoes = true, close } = {}) {
  return new Promise(resolve => {
    const outcome = { opened: false, last: '' };
    let socket;
    try {
      socket = new WebSocket(url, protocols, options);
    } catch {
      resolve(outcome);
      return;
    }
    socket.on('open', () => {
      outcome.opened = true;
      if (close) socket.close(close.code, close.reason);
    });
    socket.on('message', (data, binary) => {
      outcome.last = data.toString();
      if (echoes) socket.send(data, { binary });
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(outcome));
  });
}

const ask = async path => (await connect(base + path, { echoes: false })).last;

async function play(number, name, hinted) {
  const run = () => connect(`${base}/runCase?case=${number}&agent=${name}`);
  if (!hinted.has(number)) return run();
  const hint = JSON.parse((await ask(`/getCaseHint?case=${number}&agent=${name}`)) || 'null');
  const options = hint && optionsOf(hint);
  if (!hint) return null; // the case needs something else, and is over
  if (!options) return run();
  const { protocols, close } = hint;
  const outcomes = await Promise.all(hint.urls.map(url => connect(url, { protocols, options, close })));
  const opened = outcomes.some(outcome => outcome.opened);
  return ask(`/tellCase?case=${number}&agent=${name}&outcome=${opened ? 'opened' : 'failed'}`);
}

(async () => {
  const count = Number(await ask('/getCaseCount'));
  const hinted = new Set(JSON.parse((await ask('/getCaseHints')) || '[]'));
  const name = encodeURIComponent(agent);
  for (let i = 1; i <= count; i++) await play(i, name, hinted);
  await ask(`/updateReports?agent=${name}`);
})();
