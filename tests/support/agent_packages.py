"""Agent packages for tests: small agents that behave, and misbehave, as their prompt says."""

import io
import json
import zipfile
from collections.abc import Mapping

from pydantic import JsonValue

MAIN = """
import json, os, socketserver, sys, time
from http.server import BaseHTTPRequestHandler
import behaviour

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(behaviour.ping())

    def do_POST(self):
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        behaviour.invoke(self, payload)

    def answer(self, value, status=200, kind="application/json"):
        self.write(json.dumps(value).encode(), status, kind)

    def write(self, body, status=200, kind="application/json", length=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length != -1:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

print("the agent starts", file=sys.stderr, flush=True)
behaviour.start()
Server(os.environ["AGENT_SOCKET"], Handler).serve_forever()
"""

TALKER = """
import glob, json, mmap, os, signal, socket, sys, threading, time

let_go = threading.Event()

def start():
    signal.signal(signal.SIGUSR1, lambda *_: let_go.set())
    if "STUBBORN" in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "RECORD" in os.environ:
        with open(os.environ["RECORD"], "a") as record:
            record.write("start\\n")

def ping():
    return {"status": "Healthy", "time_of_last_update": 0}

def invoke(handler, payload):
    if "RECORD" in os.environ:
        with open(os.environ["RECORD"], "a") as record:
            record.write("invoke\\n")
    if os.path.exists("/proc/self/comm"):
        with open("/proc/self/comm", "w") as name:
            name.write(payload["prompt"][:15])
    word, _, rest = payload["prompt"].partition(" ")
    globals()["do_" + word](handler, rest, payload)

def do_echo(handler, rest, payload):
    handler.answer({"output": rest, "tool_calls": [{"name": "echo"}], "session_state": payload["session_state"],
        "usage": {"input_tokens": 3, "output_tokens": 4}, "payload": payload, "headers": dict(handler.headers),
        "pid": os.getpid(), "version": os.environ.get("VERSION")})

def do_value(handler, rest, payload):
    handler.write(rest.encode())

def do_text(handler, rest, payload):
    handler.write(rest.encode(), kind="text/plain; charset=utf-8")

def do_stream(handler, rest, payload):
    events = "".join("data: %s\\n\\n" % json.dumps(event) for event in json.loads(rest))
    handler.write(events.encode(), kind="text/event-stream", length=-1)

def do_say(handler, rest, payload):
    number, seconds = rest.split()
    handler.write(b"", kind="text/event-stream", length=-1)
    for _ in range(int(number)):
        handler.wfile.write(("data: %s\\n\\n" % json.dumps("%.6f " % time.time())).encode())
        handler.wfile.flush()
        time.sleep(float(seconds))

def do_slow(handler, rest, payload):
    time.sleep(float(rest))
    handler.answer({"output": "at last"})

def do_held(handler, rest, payload):
    let_go.wait()
    let_go.clear()
    handler.answer({"output": "at last"})

def do_spin(handler, rest, payload):
    while True:
        pass

def do_quit(handler, rest, payload):
    os._exit(1)

def do_fork(handler, rest, payload):
    if os.fork() == 0:
        time.sleep(float(rest))
        os._exit(0)
    handler.answer({"output": "forked"})

def do_fail(handler, rest, payload):
    handler.answer({"error": "OUT_OF_INK", "message": "the pen is dry"}, status=500)

def do_crash(handler, rest, payload):
    print("about to crash", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

def do_half(handler, rest, payload):
    handler.write(b'{"output": "ha', length=100)
    handler.wfile.flush()
    os.kill(os.getpid(), signal.SIGKILL)

def do_unframed(handler, rest, payload):
    handler.write(b'data: "half"\\n\\n', kind="text/event-stream", length=-1)
    handler.wfile.flush()
    os.kill(os.getpid(), signal.SIGKILL)

def do_hang_up(handler, rest, payload):
    handler.connection.shutdown(socket.SHUT_RDWR)

def do_huge(handler, rest, payload):
    handler.answer("x" * int(rest))

def do_noise(handler, rest, payload):
    for _ in range(int(rest)):
        os.write(2, b"noise " * 200 + b"\\n")
    handler.answer({"output": "said"})

def do_environment(handler, rest, payload):
    handler.answer({"output": "see the other fields", "environment": dict(os.environ)})

def do_file(handler, rest, payload):
    try:
        with open(rest) as file:
            handler.answer({"output": "read " + file.read()[:50]})
    except OSError as error:
        handler.answer({"output": type(error).__name__})

def do_write(handler, rest, payload):
    try:
        with open(rest, "w") as file:
            file.write("x")
        handler.answer({"output": "written"})
    except OSError as error:
        handler.answer({"output": type(error).__name__})

def do_network(handler, rest, payload):
    try:
        socket.create_connection(("127.0.0.1", int(rest)), timeout=2).close()
        handler.answer({"output": "connected"})
    except OSError as error:
        handler.answer({"output": type(error).__name__})

def do_neighbours(handler, rest, payload):
    found = 0
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as file:
                found += rest.encode() in file.read()
        except OSError:
            pass
    handler.answer({"output": str(found)})

def do_memory(handler, rest, payload):
    try:
        bytearray(int(rest))
        handler.answer({"output": "allocated"})
    except MemoryError:
        handler.answer({"output": "MemoryError"})

def do_fork_later(handler, rest, payload):
    handler.answer({"output": "soon"})
    do_forks(handler, rest, payload)

def do_forks(handler, rest, payload):
    for _ in range(int(rest)):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    time.sleep(60)

def do_hoard(handler, rest, payload):
    number, size = map(int, rest.split())
    for _ in range(number):
        if os.fork() == 0:
            kept = b"x" * size
            time.sleep(60)
            os._exit(0)
    time.sleep(60)

def do_shout(handler, rest, payload):
    while True:
        os.write(1, b"a line without an end " * 3000)

def do_fill(handler, rest, payload):
    try:
        for number in range(100):
            with open("%s/%s" % (rest, number), "wb") as file:
                file.write(b"x" * 10_000_000)
        handler.answer({"output": "filled"})
    except OSError as error:
        handler.answer({"output": os.strerror(error.errno)})

def do_nest(handler, rest, payload):
    os.chdir(os.path.dirname(os.environ["AGENT_SOCKET"]))
    for _ in range(int(rest)):
        os.mkdir("deeper")
        os.chdir("deeper")
    open("file", "w").close()
    os.chdir("/")
    handler.answer({"output": "nested"})

def do_litter(handler, rest, payload):
    for number in range(int(rest)):
        open("%s/%s" % (os.path.dirname(os.environ["AGENT_SOCKET"]), number), "w").close()
    time.sleep(60)

def do_nameless(handler, rest, payload):
    kept = []
    for _ in range(int(rest)):
        kept.append(open(os.path.dirname(os.environ["AGENT_SOCKET"]) + "/x", "wb"))
        os.unlink(kept[-1].name)
        kept[-1].write(b"x" * 10_000_000)
        kept[-1].flush()
    time.sleep(60)

def do_share(handler, rest, payload):
    number, size = map(int, rest.split())
    for _ in range(number):
        if os.fork() == 0:
            mmap.mmap(-1, size).write(b"x" * size)
            time.sleep(60)
            os._exit(0)
    time.sleep(60)

def do_line(handler, rest, payload):
    handler.write(b"data: ", kind="text/event-stream", length=-1)
    for _ in range(int(rest)):
        handler.wfile.write(b"x" * 1_000_000)

def do_swap_socket(handler, rest, payload):
    os.unlink(os.environ["AGENT_SOCKET"])
    os.symlink(rest, os.environ["AGENT_SOCKET"])
    handler.answer({"output": "swapped"})
"""

HANGS_AT_START = "import sys, time\nprint('waiting for ever', file=sys.stderr, flush=True)\ntime.sleep(600)\n"
FAILS_AT_START = "raise SystemExit('the model file is missing')\n"
SICK = TALKER.replace('"Healthy"', '"Sick"')


def package(files: Mapping[str, str | bytes], **manifest: JsonValue) -> bytes:
    """A zip of the files and a manifest, always the same; `manifest` says where it differs from the usual."""
    fields: dict[str, JsonValue] = {"name": "tester", "version": "1.0.0", "entrypoint": "main.py", **manifest}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"manifest.json": json.dumps(fields), **files}.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def talker(first: str = "", **manifest: JsonValue) -> bytes:
    """An agent whose prompts begin with what it shall do: `echo <text>`, `slow <seconds>`, `crash`, ...

    `first` is Python that runs at its start.
    """
    return package({"main.py": first + MAIN, "behaviour.py": TALKER}, **manifest)


def sick() -> bytes:
    """An agent whose /ping says that it is not healthy."""
    return package({"main.py": MAIN, "behaviour.py": SICK})


def script(source: str) -> bytes:
    """An agent of this source alone."""
    return package({"main.py": source})
