"""`python -m benchmarks.runner.stand_in PORT`: an owner that answers whatever it is asked with a resource of 1 KB.

A process of its own: a client that is busy with too much load would answer too late.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web

SESSION_ID = "sess_" + "5" * 32
RESOURCE = json.dumps({"session_id": SESSION_ID, "metadata": {"text": "x" * 930}}).encode()
READY = b"ready\n"


@asynccontextmanager
async def standing_in(port: int) -> AsyncGenerator[None]:
    """The owner on that port, from when it answers."""
    command = (sys.executable, "-m", "benchmarks.runner.stand_in", str(port))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        if await process.stdout.readline() != READY:
            raise RuntimeError("the stand-in for an owner does not start")
        yield
    finally:
        process.terminate()
        await process.wait()


async def _serve(port: int) -> None:
    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.Response(body=RESOURCE, content_type="application/json", headers={"ETag": '"3"'})

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    sys.stdout.write(READY.decode())
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
