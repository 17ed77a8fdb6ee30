"""Which Python runs agents, and which files of the host it needs to do so."""

import os
import sys
import sysconfig
from pathlib import Path

OPTIONS = ("-E", "-s", "-S", "-B")
"""No variables, no site-packages, no byte code written; unlike -I the agent may import what lies beside its entry."""


def interpreter() -> str:
    """The Python outside any virtual environment, so that an agent sees none of the platform's packages."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def library_files() -> list[str]:
    """Interpreter, standard library and the library of the interpreter: what lies outside the system's own."""
    name = str(sysconfig.get_config_var("INSTSONAME") or "")
    directories = (str(sysconfig.get_config_var("LIBDIR") or ""), str(Path(sys.base_prefix, "lib")))
    shared = (os.path.join(directory, name) for directory in directories if name.endswith((".so", ".so.1.0")))
    files = [interpreter(), sysconfig.get_path("stdlib"), *shared]
    return [file for file in dict.fromkeys(files) if os.path.exists(file)]


def third_party_directories() -> list[str]:
    """Where other people's packages lie inside the standard library's directory."""
    library = sysconfig.get_path("stdlib")
    candidates = (os.path.join(library, name) for name in ("site-packages", "dist-packages"))
    return [directory for directory in candidates if os.path.isdir(directory)]
