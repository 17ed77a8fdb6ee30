"""To be imported before everything else by what is a process: `serve` ends what this begins.

What costs a start most and a running process nothing is put off or left out.
"""

import gc
import sys

from pydantic import BaseModel

# Imports create hundreds of thousands of permanent objects: looking for garbage among them is a sixth of a start.
gc.disable()
# Validators of models are built on first use, and many are never used: that saves a fifth of each service's start.
BaseModel.model_config["defer_build"] = True
# structlog takes rich, where it is installed, for tracebacks that the log does not use; FastAPI asks of every model
# whether it is one of pydantic's first version.
for unused in ("rich", "pydantic.v1"):
    sys.modules[unused] = None  # pyright: ignore[reportArgumentType]  # None is what makes an import fail
