"""python3-websockets as a testee: echoes on every path, keeps sessions on /live.

    python3 websockets_server.py PORT [CERT KEY]      (wss with a certificate)

/live speaks the same small protocol as ws_server.js.
"""
import asyncio
import json
import ssl
import sys

import websockets

# id -> channel; the id comes from the channel, so that a run with the same seed sends the same bytes
sessions = {}


async def live(socket, text):
    request = json.loads(text)
    if request["op"] == "subscribe":
        session = request["channel"].encode().hex()
        sessions[session] = request["channel"]
        await socket.send(json.dumps({"session": session}, separators=(",", ":")))
        tick = {"channel": request["channel"], "seq": 1}
    elif request["op"] == "resume" and request["session"] in sessions:
        tick = {"channel": sessions[request["session"]], "seq": request["after"] + 1}
    else:
        await socket.close(1008, "unknown session")
        return
    await socket.send(json.dumps(tick, separators=(",", ":")))


async def serve(socket, path):
    try:
        async for message in socket:
            if path.startswith("/live"):
                await live(socket, message)
            else:
                await socket.send(message)
    except websockets.ConnectionClosed:
        pass  # a broken peer is the test's business, not a reason to stop


async def main(port, cert=None, key=None):
    tls = None
    if cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cert, key)
    protocols = ["ticks.v1", "chat", "superchat"]
    async with websockets.serve(serve, "127.0.0.1", int(port), ssl=tls, subprotocols=protocols,
                                max_size=None, close_timeout=2):
        await asyncio.Future()


asyncio.run(main(*sys.argv[1:]))
