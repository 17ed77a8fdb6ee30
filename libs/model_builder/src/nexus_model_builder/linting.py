"""Has ruff read the module of a tool: it finds what no test happens to run into. Nothing is executed."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE

from ruff import find_ruff_bin

_DEFECTS = ("E9", "F63", "F7", "F811", "F82", "PLE", "B006", "B020", "B023", "B035")
"""No matters of taste: each finding may cost a call of the model."""
_SECONDS = 10.0
_MOST_SHOWN = 10


async def defects(code: str) -> list[str]:
    """A line for each; empty where there are none."""
    options = ("--isolated", "--no-cache", "--quiet", "--output-format=concise", "--target-version=py311")
    child = await asyncio.create_subprocess_exec(
        *(find_ruff_bin(), "check", *options, f"--select={','.join(_DEFECTS)}", "--stdin-filename=tool.py", "-"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            found, _ = await child.communicate(code.encode())
    except TimeoutError:
        return [f"the module could not be read within {_SECONDS:g} s"]
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode in (0, 1):
        return found.decode(errors="replace").splitlines()[:_MOST_SHOWN]
    return ["the module could not be read"]
