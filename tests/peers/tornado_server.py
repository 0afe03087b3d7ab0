"""Tornado as a testee: echoes on every path.

    python3 tornado_server.py PORT [CERT KEY]      (wss with a certificate)
"""
import asyncio
import logging
import ssl
import sys

import tornado.httpserver
import tornado.web
import tornado.websocket


class Echo(tornado.websocket.WebSocketHandler):
    def check_origin(self, origin):
        return True

    def select_subprotocol(self, offered):
        return next((protocol for protocol in offered if protocol in ("chat", "superchat")), None)

    def get_compression_options(self):
        return {}  # any

    async def on_message(self, message):
        try:
            await self.write_message(message, binary=isinstance(message, bytes))
        except tornado.websocket.WebSocketClosedError:
            pass  # a broken peer is the test's business, not a reason to stop


async def main(port, cert=None, key=None):
    logging.disable(logging.CRITICAL)
    tls = None
    if cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cert, key)
    application = tornado.web.Application([(r"/.*", Echo)], websocket_max_message_size=64 << 20)
    tornado.httpserver.HTTPServer(application, ssl_options=tls).listen(int(port), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
