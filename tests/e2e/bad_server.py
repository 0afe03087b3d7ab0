"""Servers that misbehave, for tests/e2e/cli.sh.

    bad_server.py silent PORT    takes connections, never answers; a line "client" for each request it gets
    bad_server.py mortal PORT    echoes text, but dies of the word "die", with a last word on standard error
PORT 0: any free one. The first line of standard output is the port.
"""
import asyncio
import os
import sys


async def silent(reader, writer):
    while await reader.read(65536):
        print("client", flush=True)
    writer.close()


async def mortal_echo(port):
    import websockets

    async def echo(socket):
        async for message in socket:
            if message == "die":
                print("a last word", file=sys.stderr, flush=True)
                os._exit(7)
            await socket.send(message)

    return await websockets.serve(echo, "127.0.0.1", port)


async def main():
    kind, port = sys.argv[1], int(sys.argv[2])
    server = await (mortal_echo(port) if kind == "mortal" else asyncio.start_server(silent, "127.0.0.1", port))
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()


asyncio.run(main())
