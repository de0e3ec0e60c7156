"""A registry that everybody may read and only one user may write to, as public repositories of Docker Hub are."""

import base64
import http.client
from http.server import BaseHTTPRequestHandler

from fake_github import serve
from test_release import Registry

OF_ONE_HOP = ("authorization", "connection", "expect", "transfer-encoding")


class GuardedRegistry(Registry):
    def __init__(self, test, username, token):
        super().__init__(test)
        self.behind = self.host
        self.host = serve(test, self.make_handler(f"{username}:{token}"))

    def write(self, method, path, body=None, **headers):
        """A request of the registry's own operator."""
        self.ask(self.behind, method, path, body, **headers)

    def make_handler(self, credentials):
        expected, behind = "Basic " + base64.b64encode(credentials.encode()).decode(), self.behind

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.command not in ("GET", "HEAD") and self.headers.get("Authorization") != expected:
                    return self.reply(401, {"WWW-Authenticate": 'Basic realm="registry"'}, b"")
                connection = http.client.HTTPConnection(behind)
                connection.request(self.command, self.path, body, self.passed_on(self.headers.items()))
                response = connection.getresponse()
                self.reply(response.status, self.passed_on(response.getheaders()), response.read())
                connection.close()

            @staticmethod
            def passed_on(headers):
                return {name: value for name, value in headers if name.lower() not in OF_ONE_HOP}

            def reply(self, status, headers, content):
                if self.command != "HEAD":
                    headers["Content-Length"] = str(len(content))
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = respond

            def log_message(self, *_):
                pass

        return Handler
