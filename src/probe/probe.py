"""What an image says about itself, one JSON object per line.

Run inside it as `python -c THIS MODE[,MODE]`; needs nothing but Python >= 3.9. A line is written as soon as a probe is
done, so that one that takes the interpreter down costs its own answer only. Every test of an image waits for this
program, so it starts as few processes as its questions need.
"""
import functools
import glob
import importlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

PROBES = {}
PATIENCE = 300  # seconds: for a program that hangs, not for a machine that is slow

USEFUL_MODULES = ("argparse asyncio concurrent.futures csv dataclasses datetime decimal email.message http.server json "
                  "logging.config sqlite3 ssl urllib.request uuid").split()

SYSTEM_MODULES = ("asyncio bz2 ctypes curses dbm.ndbm decimal hashlib lzma multiprocessing.shared_memory readline "
                  "sqlite3 ssl uuid xml.parsers.expat zlib zoneinfo").split()


def probe(name, mode):
    def register(function):
        PROBES[name] = (mode, function)
        return function
    return register


def run(*words, **options):
    """Runs a program; its output, or an error with the last line of what it said."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, **options)
    if done.returncode:
        said = ((done.stderr or done.stdout).strip() or "nothing").splitlines()[-1]
        raise RuntimeError(f"{os.path.basename(words[0])} ended with exit code {done.returncode}: {said}")
    return done.stdout


def python(code, *options, **more):
    return run(sys.executable, *options, "-c", code, **more).strip()


@probe("version", "all")
def version():
    return ["%d.%d.%d" % sys.version_info[:3], sys.prefix]


@probe("platform", "all")
def platform():
    import sysconfig
    return [sysconfig.get_platform()]


@probe("utf-8", "all")
def utf8():
    encodings = "sys.getfilesystemencoding(), locale.getpreferredencoding().lower(), sys.stdout.encoding"
    return python(f"import sys, locale; print({encodings})", env={}).split()


@probe("time-zones", "all")
def time_zones():
    import datetime
    import zoneinfo
    summer = datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/London"))
    return ["Europe/London", str(summer.utcoffset())]


@probe("subprocesses", "all")
def subprocesses():
    import multiprocessing
    child = multiprocessing.get_context("spawn").Process(target=os.getpid)
    child.start()
    child.join(PATIENCE)
    return [python("print(42)"), str(child.exitcode)]


@probe("name-service", "all")
def name_service():
    import pwd
    return [pwd.getpwuid(os.getuid()).pw_name, socket.getaddrinfo("localhost", 80)[0][4][0]]


@probe("listening", "service")
def listening():
    found = []
    for table in ("tcp", "tcp6"):
        with open("/proc/net/" + table) as lines:
            states = [line.split() for line in lines][1:]
        found += [f"port {int(state[1].rsplit(':', 1)[1], 16)} ({table})" for state in states if state[3] == "0A"]
    return found


@probe("find-library", "all")
def find_library():
    from ctypes.util import find_library as find
    return [f"{name}={find(name)}" for name in ("c", "sqlite3", "ssl")]


@probe("wheel-libraries", "all")
def wheel_libraries():
    import ctypes
    from ctypes.util import find_library as find
    libraries = {name: find(name) for name in ("c", "stdc++", "gcc_s", "atomic", "crypt", "gomp", "z", "expat")}
    for file in filter(None, libraries.values()):
        ctypes.CDLL(file)
    return [f"{name}={file}" for name, file in libraries.items()]


@probe("locale", "all")
def utf8_locale():
    return [python("import locale; print(locale.setlocale(locale.LC_ALL, ''))", env={"LANG": "C.UTF-8"})]


@probe("media-types", "all")
def media_types():
    import mimetypes
    return [f"{name}={mimetypes.guess_type(name)[0]}" for name in ("map.geojson", "letter.docx", "map.gpkg")]


def count_compiled(modules):
    """How many modules come from bytecode, and how many are compiled, when these are imported."""
    command = [sys.executable, "-v", "-c", "import " + ",".join(modules)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    lines = done.stderr.splitlines()
    if done.returncode:
        raise RuntimeError(next((line for line in reversed(lines) if "Error: " in line), "the import failed"))
    paths = [line.rstrip("'") for line in lines if line.startswith("# code object from")]
    return [str(sum(path.endswith(ending) for path in paths)) for ending in (".pyc", ".py")]


@probe("bytecode", "all")
def bytecode():
    return count_compiled(USEFUL_MODULES)


@probe("debugger-bytecode", "development")
def debugger_bytecode():
    return count_compiled(["debugpy.server.cli", "debugpy.adapter.clients"])


@probe("home", "all")
def home():
    from pathlib import Path
    (Path.home() / ".written").write_text("x")
    return [str(Path.home()), os.path.dirname(tempfile.mkdtemp())]


@probe("writable", "all")
def writable():
    import sysconfig
    directories = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "scripts")]
    return sorted({path for path in [*directories, os.path.realpath(sys.executable)] if os.access(path, os.W_OK)})


@probe("standard-modules", "all")
def standard_modules():
    wrong = []
    for name in SYSTEM_MODULES:
        try:
            importlib.import_module(name)
        except Exception as error:
            wrong.append(f"{name}: {error}")
    if wrong:
        raise RuntimeError("; ".join(wrong))
    import sqlite3
    import ssl
    sqlite3.connect(":memory:").execute("create virtual table words using fts5(word)")
    return [ssl.OPENSSL_VERSION, "SQLite " + sqlite3.sqlite_version]


TRUSTED = ("import hashlib, ssl; authorities = ssl.create_default_context().get_ca_certs(binary_form=True); "
           "print(*sorted(hashlib.sha256(der).hexdigest() for der in authorities))")


@probe("trusted", "all")
def trusted():
    return python(TRUSTED).split()


@probe("trusted-without-environment", "all")
def trusted_without_environment():
    return python(TRUSTED, env={}).split()


@probe("uv", "all")
def uv():
    return [run("uv", "--version").strip()]


@functools.cache
def synced_python():
    """The Python of a project without dependencies, so that no index is asked, locked and installed by uv."""
    directory = tempfile.mkdtemp()
    with open(directory + "/pyproject.toml", "w") as file:
        file.write('[project]\nname = "probed"\nversion = "1.0.0"\nrequires-python = ">=3.9"\n')
    run("uv", "lock", "--offline", cwd=directory)
    run("uv", "sync", "--offline", "--locked", cwd=directory)
    return directory + "/.venv/bin/python"


@probe("uv-sync", "all")
def uv_sync():
    found = run(synced_python(), "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3], sys.base_prefix)").split()
    if found != ["%d.%d.%d" % sys.version_info[:3], sys.prefix]:
        raise RuntimeError(f"the environment's Python is {' in '.join(found)}, not the image's own")
    return found


@probe("debugger", "all")
def debugger():
    own = python("import debugpy; print(debugpy.__version__)")
    inside = run(synced_python(), "-c", "import debugpy; print(debugpy.__version__)").strip()
    # A service that sets PYTHONPATH itself, or runs isolated, starts it by its path.
    by_path = run(sys.executable, "-I", "/opt/debugger/debugpy", "--version").strip()
    return ["debugpy " + own, "in a virtual environment " + inside, "by its path " + by_path]


class DebugAdapter:
    """As much of the Debug Adapter Protocol as it takes to stop once."""

    def __init__(self, port, service):
        for _ in range(3000):
            try:
                self.stream = socket.create_connection(("127.0.0.1", port), timeout=60).makefile("rwb")
                return
            except ConnectionRefusedError:
                if service.poll() is not None:
                    raise RuntimeError(f"the debugger ended with exit code {service.returncode}") from None
                time.sleep(0.02)
        raise RuntimeError("the debugger does not listen")

    def send(self, number, command, **arguments):
        body = json.dumps({"seq": number, "type": "request", "command": command, "arguments": arguments}).encode()
        self.stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.stream.flush()

    def wait_for(self, wanted):
        while True:
            size = 0
            while (line := self.stream.readline().strip()):
                size = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else size
            if not size:
                raise RuntimeError(f"the debugger ended before {wanted}")
            message = json.loads(self.stream.read(size))
            if message.get("success") is False:
                raise RuntimeError(message.get("message", "the debugger refused"))
            if wanted in (message.get("event"), message.get("command")):
                return message.get("body") or {}


@probe("debugger-attach", "development")
def debugger_attach():
    if not importlib.util.find_spec("debugpy"):
        raise RuntimeError("No module named 'debugpy'")
    for _ in range(2):  # debugpy's parts give up on each other after half a minute, which a busy machine may take
        try:
            return attach_once()
        except (OSError, RuntimeError):
            time.sleep(1)
    return attach_once()


def attach_once():
    with tempfile.TemporaryDirectory() as directory, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        script = directory + "/service.py"
        with open(script, "w") as file:
            file.write("answer = 42\nprint(answer)\n")
        command = [synced_python(), "-m", "debugpy", "--listen", f"127.0.0.1:{port}", "--wait-for-client", script]
        service = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            adapter = DebugAdapter(port, service)
            adapter.send(1, "initialize", adapterID="python-image-action", pathFormat="path")
            adapter.wait_for("initialize")
            adapter.send(2, "attach", justMyCode=True)
            adapter.wait_for("initialized")
            adapter.send(3, "setBreakpoints", source={"path": script}, breakpoints=[{"line": 2}])
            adapter.wait_for("setBreakpoints")
            adapter.send(4, "configurationDone")
            thread = adapter.wait_for("stopped")["threadId"]
            adapter.send(5, "stackTrace", threadId=thread)
            frame = adapter.wait_for("stackTrace")["stackFrames"][0]["id"]
            adapter.send(6, "evaluate", expression="answer", frameId=frame, context="watch")
            return ["stopped", adapter.wait_for("evaluate")["result"]]
        finally:
            service.kill()
            service.wait()


def load_extension_modules():
    import sysconfig
    wrong = []
    count = 0
    for path in sorted(glob.glob(sysconfig.get_path("platstdlib") + "/lib-dynload/*.so")):
        name = os.path.basename(path).split(".")[0]
        if name.startswith(("_test", "xx", "_tkinter", "_ctypes_test")):
            continue
        count += 1
        try:
            importlib.import_module(name)
        except Exception as error:
            wrong.append(f"{name}: {error}")
    return count, wrong


@probe("extension-modules", "all")
def extension_modules():
    count, wrong = load_extension_modules()
    if wrong:
        raise RuntimeError("; ".join(wrong))
    return [f"all {count}" if count else "none is a file of its own"]


@probe("mapped-libraries", "all")
def mapped_libraries():
    load_extension_modules()
    with open("/proc/self/maps") as maps:
        return sorted({line.split()[-1] for line in maps if ".so" in line})


@probe("restricted", "restricted")
def restricted():
    import sqlite3
    import ssl
    ssl.create_default_context()
    sqlite3.connect(":memory:")
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
    # A user without a home gives HOME a directory that can be written, as docs/images.md says; uv keeps its cache there.
    with tempfile.TemporaryDirectory() as home_directory:
        run("uv", "run", "--no-project", "--offline", sys.executable, "-c", "", env={**os.environ, "HOME": home_directory})
    with open("/proc/self/status") as lines:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in lines if ":\t" in line)
    return [str(os.getuid()),
            "read-only" if os.statvfs("/").f_flag & os.ST_RDONLY else "writable",
            "no capabilities" if int(status["CapEff"], 16) == 0 else "capabilities " + status["CapEff"],
            "no new privileges" if status["NoNewPrivs"] == "1" else "new privileges"]


def leave_an_orphan():
    """A process whose parent has ended, and which ends itself as soon as it has another one. Returns its id."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        parent = os.getpid()
        if os.fork() == 0:
            while os.getppid() == parent:
                time.sleep(0.005)
            os.write(writing, b"%d" % os.getpid())
            os._exit(0)
        os._exit(0)
    os.waitpid(child, 0)
    return int(os.read(reading, 20))


@probe("zombies", "service")
def zombies():
    orphan = leave_an_orphan()
    for _ in range(100):  # whoever reaps it does so at once
        if not os.path.exists(f"/proc/{orphan}"):
            break
        time.sleep(0.01)
    count = 0
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as file:
                count += file.read().rsplit(")", 1)[1].split()[0] == "Z"
        except OSError:
            pass  # it ended meanwhile
    return [str(count)]


def serve(certificate, reached):
    """A TLS server for localhost that notes who got as far as a request. Returns its address."""
    import http.server
    import ssl
    import threading

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            reached.add(self.headers.get("User-Agent", "").split("/")[0].lower())
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"https://localhost:{server.server_address[1]}/simple/"


# Each client that is a module of Python asks all servers in turn; one that does not trust a server goes on.
MODULE_CLIENTS = """
import sys
def urllib(address):
    import urllib.request
    urllib.request.urlopen(address)
def requests(address):
    from pip._vendor import requests
    requests.get(address)
for client in (urllib, requests):
    for address in sys.argv[1:]:
        try:
            client(address)
        except Exception:
            pass
"""


@functools.cache
def clients_by_server():
    """For each of the two servers the clients that got as far as a request."""
    reached = {"trusted": set(), "stranger": set()}
    trusted, stranger = [serve(f"/tmp/python-image-action/{name}.pem", reached[name]) for name in reached]
    # Each asks both servers: pip goes on where it cannot reach one, uv does not, so it is called for each.
    pip = ["-m", "pip", "download", "--no-cache-dir", "--retries=0", "--disable-pip-version-check", "--dest=/tmp/got",
           "--index-url=" + trusted, "--extra-index-url=" + stranger, "absent-package"]
    uv = ["uv", "pip", "install", "--no-cache", "--target=/tmp/installed", "absent-package", "--index-url"]
    commands = [[sys.executable, "-c", MODULE_CLIENTS, trusted, stranger], [sys.executable, *pip],
                [*uv, trusted], [*uv, stranger]]
    environment = {**os.environ, "UV_HTTP_RETRIES": "0"}
    for command in commands:  # what counts is who got through, not how it ended
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, env=environment)
    names = {"python-urllib": "urllib", "python-requests": "requests"}
    return {server: sorted(names.get(client, client) for client in clients) for server, clients in reached.items()}


@probe("tls-clients", "tls")
def tls_clients():
    return clients_by_server()["trusted"]


@probe("tls-strangers", "tls")
def tls_strangers():
    return clients_by_server()["stranger"]


MODES = sys.argv[1].split(",")
for probe_name, (probe_mode, function) in PROBES.items():
    if probe_mode in MODES:
        line = {"probe": probe_name}
        try:
            line["values"] = function()
        except Exception as error:
            line["error"] = (str(error) or type(error).__name__)[:500]
        print("\n" + json.dumps(line), flush=True)
if "stay" in MODES:
    print("staying", flush=True)
    time.sleep(3600)
