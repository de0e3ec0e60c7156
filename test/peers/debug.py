"""Debugs a service as an editor does (microsoft.github.io/debug-adapter-protocol): attaches, stops where its endpoint
answers, evaluates there, lets it go on. Prints what was evaluated, and the status of the answer.

usage: debug.py HOST:PORT URL FILE
"""
import json
import pathlib
import socket
import sys
import threading
import time
import urllib.request

host, port = sys.argv[1].rsplit(":", 1)
url, file = sys.argv[2], sys.argv[3]
line = next(i for i, text in enumerate(pathlib.Path(file).read_text().splitlines(), 1) if "return {" in text)


def connect():
    """The port is published before anybody listens behind it: until then a connection ends at once."""
    for _ in range(120):
        try:
            stream = socket.create_connection((host, int(port)), timeout=60).makefile("rwb")
            if stream.peek(1):  # the adapter speaks first
                return stream
        except OSError:
            pass
        time.sleep(0.5)
    sys.exit("no debugger answers")


stream = connect()
sent = 0


def send(command, **arguments):
    global sent
    sent += 1
    body = json.dumps({"seq": sent, "type": "request", "command": command, "arguments": arguments}).encode()
    stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    stream.flush()


def wait_for(wanted):
    while True:
        size = 0
        while (header := stream.readline().strip()):
            if header.lower().startswith(b"content-length:"):
                size = int(header.split(b":")[1])
        if not size:
            sys.exit(f"the debugger ended before {wanted}")
        message = json.loads(stream.read(size))
        if message.get("success") is False:
            sys.exit(f"the debugger refused {message['command']}: {message.get('message')}")
        if wanted in (message.get("event"), message.get("command")):
            return message.get("body") or {}


def ask():
    global status
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(120):
        try:
            status = opener.open(url, timeout=120).status
            return
        except OSError:
            time.sleep(0.5)


send("initialize", adapterID="debugpy", pathFormat="path")
wait_for("initialize")
directory = str(pathlib.Path(file).parent)
send("attach", justMyCode=True, pathMappings=[{"localRoot": directory, "remoteRoot": "/home/nonroot/app"}])
wait_for("initialized")
send("setBreakpoints", source={"path": file}, breakpoints=[{"line": line}])
wait_for("setBreakpoints")
send("configurationDone")
wait_for("configurationDone")
status = None
request = threading.Thread(target=ask)
request.start()
thread = wait_for("stopped")["threadId"]
send("stackTrace", threadId=thread)
frame = wait_for("stackTrace")["stackFrames"][0]
if frame["source"]["path"] != file or frame["line"] != line:
    sys.exit(f"stopped in {frame}")
send("evaluate", expression="platform.python_version()", frameId=frame["id"], context="watch")
print(wait_for("evaluate")["result"])
send("continue", threadId=thread)
wait_for("continue")
request.join()
print(status)
