#!/usr/bin/env python3
"""Takes python3-websockets through the cases of a serving, and follows the hints that it can (docs/testing-clients.md):
websockets_hints_driver.py URL AGENT"""
import asyncio
import json
import sys
import urllib.parse

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as Deflate

base, agent = sys.argv[1], urllib.parse.quote(sys.argv[2])
TROUBLE = (websockets.WebSocketException, OSError, EOFError, ValueError, asyncio.TimeoutError)
FLAGS = {"server_no_context_takeover", "client_no_context_takeover"}


def offer(text):
    """An offer of permessage-deflate as websockets makes it; None: it cannot."""
    name, *parameters = (part.strip() for part in text.split(";"))
    pairs = dict((*p.split("=", 1), True)[:2] for p in parameters)
    known = {key: value if value is True else int(value) for key, value in pairs.items()}
    return Deflate(**{"client_max_window_bits": None, **known}) if name == "permessage-deflate" else None


def offers(texts):
    made = [offer(text) for text in texts]
    return None if None in made else {"extensions": made, "compression": None}


FOLLOWERS = {  # what a hint asks for, as options of connect; None: it cannot
    "urls": lambda _: {},
    "protocols": lambda names: {"subprotocols": names},
    "close": lambda _: {},
    "limit": lambda size: {"max_size": size},
    "window": lambda bits: offers([f"permessage-deflate; server_max_window_bits={bits}"]),
    "extensions": offers,
    "untrusted": lambda _: {},
}


def options_of(hint):
    every = {}
    for name, value in hint.items():
        options = FOLLOWERS.get(name, lambda _: None)(value)
        if options is None:
            return None
        every.update(options)
    return every


async def connect(url, echoes=True, close=None, **options):
    """One connection until it ends: was it open, and its last message."""
    opened, last = False, ""
    try:
        every = {"max_size": None, "ping_interval": None, "close_timeout": 5, **options}
        async with websockets.connect(url, **every) as socket:
            opened = True
            if close:
                await socket.close(close["code"], close["reason"])
            async for message in socket:
                last = message
                if echoes:
                    await socket.send(message)
    except TROUBLE:
        pass  # a case that ends so; the server knows whether it should
    return opened, last


async def ask(path):
    return (await connect(base + path, echoes=False))[1]


async def play(number, hinted):
    if number in hinted:
        hint = json.loads(await ask(f"/getCaseHint?case={number}&agent={agent}") or "null")
        if hint is None:
            return  # the case needs something else, and is over
        options = options_of(hint)
        if options is not None:
            outcomes = await asyncio.gather(*(connect(url, close=hint.get("close"), **options) for url in hint["urls"]))
            outcome = "opened" if any(opened for opened, _ in outcomes) else "failed"
            await ask(f"/tellCase?case={number}&agent={agent}&outcome={outcome}")
            return
    await connect(f"{base}/runCase?case={number}&agent={agent}")


async def main():
    count = int(await ask("/getCaseCount"))
    hinted = set(json.loads(await ask("/getCaseHints") or "[]"))
    for number in range(1, count + 1):
        await play(number, hinted)
    await ask(f"/updateReports?agent={agent}")


asyncio.run(main())
