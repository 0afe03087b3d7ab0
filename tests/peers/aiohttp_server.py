"""aiohttp as a testee: echoes on every path.

    python3 aiohttp_server.py PORT [CERT KEY]      (wss with a certificate)
"""
import logging
import ssl
import sys

from aiohttp import WSMsgType, web


async def echo(request):
    socket = web.WebSocketResponse(max_msg_size=64 << 20, protocols=("chat", "superchat"))
    await socket.prepare(request)
    async for message in socket:
        try:
            if message.type == WSMsgType.TEXT:
                await socket.send_str(message.data)
            elif message.type == WSMsgType.BINARY:
                await socket.send_bytes(message.data)
        except ConnectionResetError:
            break  # a broken peer is the test's business, not a reason to stop
    return socket


def main(port, cert=None, key=None):
    logging.disable(logging.CRITICAL)
    tls = None
    if cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cert, key)
    application = web.Application()
    application.router.add_get("/{path:.*}", echo)
    web.run_app(application, host="127.0.0.1", port=int(port), ssl_context=tls, print=None, access_log=None)


main(*sys.argv[1:])
