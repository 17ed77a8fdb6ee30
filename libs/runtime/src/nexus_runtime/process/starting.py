"""To be imported before everything else by what is a process: `serve` ends what this begins.

What costs a start most and a running process nothing is put off or left out.
"""

import gc
import sys

from pydantic import BaseModel

# Imports make hundreds of thousands of objects that stay: to look for garbage among them is a sixth of a start.
gc.disable()
# A model's validator is built when it is first used, and many are not: in each service a fifth of a start.
BaseModel.model_config["defer_build"] = True
# structlog takes rich, where it is installed, for tracebacks that the log does not use; FastAPI asks of every model
# whether it is one of pydantic's first version.
for unused in ("rich", "pydantic.v1"):
    sys.modules[unused] = None  # pyright: ignore[reportArgumentType]  # None is what makes an import fail
