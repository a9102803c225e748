"""A stock python-socketio client: prints every event it receives as a line of JSON, until it is killed."""

import json
import os
import sys

import socketio

url, token, transport, where = sys.argv[1:5]
client = socketio.Client(reconnection=False)


def report(event, payload=None):
    # Each event comes on a thread of its own: one write keeps lines whole.
    os.write(1, (json.dumps({"event": event, "payload": payload}) + "\n").encode())


@client.on("*")
def received(event, payload=None):
    report(event, payload)


@client.event
def connect_error(payload):
    report("connect_error", payload)


credentials = {"auth": {"token": token}} if where == "auth" else {"headers": {"Authorization": f"Bearer {token}"}}
client.connect(url, transports=[transport], **credentials)
client.wait()
