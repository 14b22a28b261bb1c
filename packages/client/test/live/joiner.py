"""The same as joiner.mjs, with the package `websockets`: `joiner.py URL TOKEN`."""

import json
import os
import sys
import threading

from websockets.sync.client import connect

url, token = sys.argv[1:]
state, epoch, version, whole, patches = None, None, 0, False, 0
wanted = None


def say(value):
    print(json.dumps(value), flush=True)


def read_wanted():
    global wanted
    wanted = int(sys.stdin.readline())


def apply(op, path, value=None):
    *keys, last = [key.replace("~1", "/").replace("~0", "~") for key in path.split("/")[1:]]
    parent = state
    for key in keys:
        parent = parent[key]
    assert (last in parent) != (op == "add"), f"{op} {path} does not fit"
    if op == "remove":
        del parent[last]
    else:
        parent[last] = value


threading.Thread(target=read_wanted, daemon=True).start()
with connect(url, subprotocols=["callboard.v1.json"], compression="deflate", max_size=1 << 26, proxy=None) as socket:
    client = {"name": "python", "version": "0", "instance": f"python-{os.getpid()}"}
    hello = {"type": "hello", "protocol": 1, "client": client, "auth": {"token": token}, "logs": {"enabled": False}}
    socket.send(json.dumps(hello | {"caps": ["parts"]}))
    while not (whole and wanted is not None and version >= wanted):
        try:
            frame = json.loads(socket.recv(timeout=0.1))
        except TimeoutError:
            continue
        if frame["type"] == "state.snapshot":
            state = frame.get("data", state)
            for path, value in frame.get("entries", []):
                apply("add", path, value)
            epoch, version = frame["epoch"], frame["stateVersion"]
            if not frame.get("more") and not whole:
                extensions = ", ".join(extension.name for extension in socket.protocol.extensions)
                say({"begins": version, "extensions": extensions})
            whole = not frame.get("more")
        elif frame["type"] == "state.patch":
            assert (frame["epoch"], frame["fromVersion"]) == (epoch, version), f"{frame['fromVersion']} at {version}"
            for op in frame["patch"]:
                apply(op["op"], op["path"], op.get("value"))
            version = frame["toVersion"]
            patches += 1
    say({"version": version, "state": state, "patches": patches})
