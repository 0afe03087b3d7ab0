// Drives the proxy's HTTP interface with npm toxiproxy-node-client, as its users do.
//   node toxiproxy_client.js http://127.0.0.1:8474 UPSTREAM      one line for each thing that it did
const { Toxiproxy } = require("toxiproxy-node-client");

const kinds = {
  latency: { latency: 100, jitter: 5 }, bandwidth: { rate: 10 }, slow_close: { delay: 5 }, timeout: { timeout: 50 },
  reset_peer: { timeout: 9 }, slicer: { average_size: 9, size_variation: 2, delay: 7 }, limit_data: { bytes: 3 },
};

async function refused(what) {
  try {
    await what;
    return "taken";
  } catch (error) {
    return String(error.message).replace(/\D+/g, "");
  }
}

async function main(host, upstream) {
  const toxiproxy = new Toxiproxy(host);
  const proxy = await toxiproxy.createProxy({ name: "live", listen: "127.0.0.1:0", upstream });
  console.log("created", proxy.name, proxy.enabled);
  for (const [type, attributes] of Object.entries(kinds)) {
    const toxic = await proxy.addToxic({ name: type, type, stream: "upstream", toxicity: 0.5, attributes });
    const again = await proxy.getToxic(type);
    console.log("toxic", again.type, again.stream, again.toxicity, JSON.stringify(again.attributes));
    await toxic.remove();
  }
  await proxy.update({ enabled: false, listen: proxy.listen, upstream });
  console.log("disabled", (await toxiproxy.get("live")).enabled);
  await toxiproxy.populate([{ name: "two", listen: "127.0.0.1:0", upstream }]);
  await toxiproxy.reset();
  console.log("reset", (await toxiproxy.get("live")).enabled, Object.keys(await toxiproxy.getAll()).join());
  console.log("refused", await refused(toxiproxy.get("no")),
              await refused(toxiproxy.createProxy({ name: "live", listen: "127.0.0.1:0", upstream })));
  await proxy.remove();
  console.log("left", Object.keys(await toxiproxy.getAll()).join());
}

main(process.argv[2], process.argv[3]).catch((error) => {
  console.error(error);
  process.exit(1);
});
