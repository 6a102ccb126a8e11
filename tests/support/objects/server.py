"""An object store for the tests: says its port and its keys as a line of JSON, ends with its standard input."""
import datetime, json, os, sys, threading

os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"  # every request has to be signed

from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
SKEWED = (
    b"<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and the current time "
    b"is too large.</Message></Error>"
)


WRITING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:PutObject", "s3:AbortMultipartUpload"], "Resource": "*"}],
}


def person(name, allowed):
    users = iam_backends[ACCOUNT]["aws"]
    users.create_user(REGION, name)
    if allowed:
        users.put_user_policy(name, "all", json.dumps(allowed))
    key = users.create_access_key(name)
    return {"access_key": key.access_key_id, "secret_key": key.secret_access_key}


def fill():
    store = s3_backends[ACCOUNT]["aws"]
    store.create_bucket("many", REGION)
    for number in range(1100):
        store.put_object("many", f"some/{number:04}", b"x")


class Moods:
    """What the store does besides what it is asked, as the key says."""

    def __init__(self, app):
        self.app, self.met, self.lock = app, {}, threading.Lock()

    def __call__(self, environ, start):
        path = environ["PATH_INFO"]
        with self.lock:
            times = self.met[environ["REQUEST_METHOD"], path, environ["QUERY_STRING"]] = (
                self.met.get((environ["REQUEST_METHOD"], path, environ["QUERY_STRING"]), 0) + 1
            )
        answer = None
        if "flaky/" in path and times < 3:
            answer = "503 Slow Down", SLOW_DOWN
        if "skewed" in path:
            answer = "403 Forbidden", SKEWED
        if answer:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start(answer[0], [("content-type", "application/xml"), ("content-length", str(len(answer[1])))])
            return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer[1]]
        reply = self.app(environ, start)
        # It has been done, and nobody hears of it.
        if "unheard/" in path and times == 1 and environ["REQUEST_METHOD"] != "HEAD":
            b"".join(reply)
            raise ConnectionResetError
        return reply


class Quiet(WSGIRequestHandler):
    def log(self, *args):
        pass

    def connection_dropped(self, *args):
        self.close_connection = True
        self.connection.shutdown(2)


keys = {"owner": person("backup", POLICY), "writer": person("writer", WRITING), "stranger": person("stranger", None)}
fill()
server = make_server(
    "127.0.0.1", 0, Moods(DomainDispatcherApplication(create_backend_app)), threaded=True, request_handler=Quiet
)
print(json.dumps({"port": server.server_port, **keys}), flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
server.serve_forever()
