"""A small Runtime API server, so that the bootstraps can be run on their own."""

import json
import os
import pathlib
import queue
import socket
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
NODE_BOOTSTRAP = ROOT / "runtimes/node/bootstrap.js"
PYTHON_BOOTSTRAP = ROOT / "runtimes/python/bootstrap.py"


class RuntimeApi:
    """Serves one runtime: `invoke` hands it an event and returns what it posted."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.events = queue.Queue()
        self.posts = queue.Queue()
        self.connected = threading.Event()
        self.count = 0
        self.piece = None    # bytes that are sent at once
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connected.set()
        stream = connection.makefile("rwb")
        while True:
            try:
                line = stream.readline().decode()
            except ConnectionError:
                line = ""
            if not line:
                self.posts.put({"kind": "closed"})
                return
            method, target, _ = line.split()
            headers = {}
            while (header := stream.readline().decode("latin-1").rstrip("\r\n")):
                name, _, value = header.partition(":")
                headers[name.lower()] = value.strip()
            trailers = {}
            if headers.get("transfer-encoding") == "chunked":
                body = b""
                while (size := int(stream.readline(), 16)) > 0:
                    body += stream.read(size)
                    stream.readline()
                while (header := stream.readline().decode().rstrip("\r\n")):
                    name, _, value = header.partition(":")
                    trailers[name.lower()] = value.strip()
            else:
                body = stream.read(int(headers.get("content-length", 0)))
            if method == "GET":
                event = self.events.get()
                if event is None:
                    connection.close()
                    return
                for at in range(0, len(event), self.piece or len(event)):
                    connection.sendall(event[at:at + (self.piece or len(event))])
            else:
                self.posts.put({"kind": target.split("/runtime/")[1], "headers": headers, "body": body, "trailers": trailers})
                answer = b'{"status":"OK"}'
                stream.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))
            stream.flush()

    def send(self, event, headers=(), timeout_s=3):
        self.count += 1
        request_id = "00000000-0000-4000-8000-%012d" % self.count
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        head = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + timeout_s) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:fn",
            "Lambda-Runtime-Trace-Id": "Root=1-5f000000-000000000000000000000000;Parent=0000000000000000;Sampled=0",
            "Content-Length": str(len(body)),
        }
        head.update(dict(headers))
        text = "".join("%s: %s\r\n" % item for item in head.items())
        self.events.put(b"HTTP/1.1 200 OK\r\n" + text.encode() + b"\r\n" + body)
        return request_id

    def post(self, timeout=10):
        return self.posts.get(timeout=timeout)

    def invoke(self, event, **options):
        request_id = self.send(event, **options)
        post = self.post()
        assert post["kind"].startswith("invocation/%s/" % request_id), post
        return post


class Function:
    """A bootstrap running one function's code against a RuntimeApi of its own; `spare`: whether it starts as one, or with which variables.
    `assigned`: whether the spare is told at once which function it is."""

    def __init__(self, folder, language, handler, files, environment=(), spare=False, assigned=True):
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.api = RuntimeApi()
        variables = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            "_HANDLER": handler,
            "AWS_LAMBDA_FUNCTION_NAME": "fn",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/fn",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/21/[$LATEST]0",
            "AWS_REGION": "us-east-1",
            "LAMBDA_TASK_ROOT": str(folder),
        }
        if language == "python":
            variables["AWS_EXECUTION_ENV"] = "AWS_Lambda_python3.12"
        variables.update(dict(environment))
        command = ["node", str(NODE_BOOTSTRAP)] if language == "node" else ["python3", str(PYTHON_BOOTSTRAP)]
        self.process = subprocess.Popen(
            command, cwd="/" if spare else folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "TIDEMILL_SPARE": "1", "AWS_LAMBDA_RUNTIME_API": self.api.address,
                 **(spare if isinstance(spare, dict) else {})} if spare else variables)
        self.assignment = {"environment": variables, "directory": str(folder)}
        if spare and assigned:
            self.assign()

    def assign(self):
        self.process.stdin.write(json.dumps(self.assignment).encode() + b"\n")
        self.process.stdin.flush()

    def invoke(self, event=None, **options):
        return self.api.invoke({} if event is None else event, **options)

    def value(self, event=None, **options):
        post = self.invoke(event, **options)
        assert post["kind"].endswith("/response"), post
        return json.loads(post["body"])

    def error(self, event=None, **options):
        post = self.invoke(event, **options)
        assert post["kind"].endswith("/error"), post
        return json.loads(post["body"])

    def init_error(self):
        post = self.api.post()
        assert post["kind"] == "init/error", post
        return json.loads(post["body"]), post["headers"]

    def stop(self):
        """Ends the runtime and returns what it wrote: (stdout, stderr)."""
        self.api.events.put(None)
        try:
            out, err = self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
        return out.decode(), err.decode()
