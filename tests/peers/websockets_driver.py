#!/usr/bin/env python3
"""Takes python3-websockets as a client through the cases of a serving: websockets_driver.py URL AGENT"""
import asyncio
import sys
import urllib.parse

import websockets

base, agent = sys.argv[1], urllib.parse.quote(sys.argv[2])


async def call(path, echoes):
    last = ""
    try:
        async with websockets.connect(base + path, max_size=None, ping_interval=None, close_timeout=5) as socket:
            async for message in socket:
                last = message
                if echoes:
                    await socket.send(message)
    except (websockets.WebSocketException, OSError, EOFError, ValueError, asyncio.TimeoutError):
        pass  # a case that ends so; the server knows whether it should
    return last


async def main():
    count = int(await call("/getCaseCount", False))
    for number in range(1, count + 1):
        await call(f"/runCase?case={number}&agent={agent}", True)
    await call(f"/updateReports?agent={agent}", False)


asyncio.run(main())
