"""A GitHub that remembers releases, findings and issues, on a port of this machine: enough for the workflows and the nightly scans.
(The program's own tests have one that also lies.)"""

import base64
import gzip
import json
import re
import threading
import urllib.parse
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import canaries
from canaries import GITHUB_TOKEN

# Whether something is there may be asked, and so may who asks, which a workflow's own token never learns.
MERE_QUESTIONS = re.compile(r"GET .*(/git/ref/tags/|/labels/|/user$)")
BOT = {"login": "github-actions[bot]", "type": "Bot"}
NOT_FOUND = 404, {"message": "Not Found"}
FORBIDDEN = 403, {"message": "Resource not accessible by integration"}


def serve(test, handler):
    """Until the test's end, on a port of this machine. Returns its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    test.addCleanup(server.server_close)
    test.addCleanup(thread.join)
    test.addCleanup(server.shutdown)
    return f"127.0.0.1:{server.server_address[1]}"


class GitHub:
    def __init__(self, test, repository="defra/images", read_only=False):
        """`read_only`: what a fork's pull request gets a token for."""
        self.releases, self.analyses, self.issues, self.labels, self.enabled = [], [], [], set(), set()
        self.received, self.refused, self.writes, self.read_only = [], [], [], read_only
        self.root = f"/repos/{repository}/"
        self.head = "a" * 40  # of the default branch
        self.address = "http://" + serve(test, self.make_handler())
        test.addCleanup(lambda: test.assertFalse(any(map(canaries.is_in, self.received)), "GitHub was sent a secret"))

    def make_handler(self):
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                authorized = self.headers.get("Authorization") == f"Bearer {GITHUB_TOKEN}"
                status, response = hub.respond(self.command, self.path, body, authorized)
                content = response if isinstance(response, bytes) else json.dumps(response).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_PUT = respond

            def log_message(self, *_):
                pass

        return Handler

    def respond(self, method, url, body, authorized):
        asked = f"{method} {url}"
        self.received += [asked.encode(), body]
        if method != "GET":
            self.writes.append(asked)
        if not authorized:
            status, response = 401, {"message": "Bad credentials"}
        elif self.read_only and method != "GET":
            status, response = FORBIDDEN
        else:
            status, response = self.route(method, url, body)
        if status >= 400 and not MERE_QUESTIONS.match(asked):
            self.refused.append(f"{asked}: {status}")
        return status, response

    def route(self, method, url, body):
        path, _, query = url.partition("?")
        kind, *rest = path.removeprefix(self.root).split("/")
        query = {name: values[0] for name, values in urllib.parse.parse_qs(query).items()}
        if kind == "releases":
            return self.route_releases(method, rest, query, body)
        if kind == "code-scanning":
            return self.route_findings(method, rest, query, body)
        if kind == "issues":
            return self.route_issues(method, rest, query, body)
        if kind == "labels":
            return self.route_labels(method, rest, body)
        if kind == "git":
            return self.show_tag(rest[-1])
        if kind == "commits":
            return 200, {"sha": self.head}
        if kind == "actions" and rest[2:] == ["enable"]:
            self.enabled.add(rest[1])
            return 204, b""
        return FORBIDDEN if path == "/user" else NOT_FOUND

    # releases ---------------------------------------------------------------------------------------------------------

    def route_releases(self, method, rest, query, body):
        if not rest:
            return (200, [self.show(one) for one in self.releases]) if method == "GET" else (201, self.create(json.loads(body)))
        if rest[0] == "assets":
            number, at = divmod(int(rest[1]), 1000)
            return 200, list(self.releases[number]["files"].values())[at]
        release = self.releases[int(rest[0])]
        if rest[1:] == ["assets"]:
            release["files"][query["name"]] = body
            return 201, {"state": "uploaded"}
        release.update(json.loads(body) if body else {})
        return 200, self.show(release)

    def create(self, sent):
        self.releases.append({**sent, "id": len(self.releases), "files": {}})
        return self.show(self.releases[-1])

    def show(self, release):
        number = release["id"]
        files = [{"id": 1000 * number + at, "name": name, "size": len(content), "state": "uploaded"}
                 for at, (name, content) in enumerate(release["files"].items())]
        return {**{key: value for key, value in release.items() if key != "files"}, "assets": files,
                "html_url": f"https://github.example{self.root}releases/{release['tag_name']}",
                "upload_url": f"{self.address}{self.root}releases/{number}/assets{{?name,label}}"}

    def show_tag(self, tag):
        for release in self.releases:
            if not release["draft"] and release["tag_name"] == tag:
                return 200, {"object": {"type": "commit", "sha": release["target_commitish"]}}
        return NOT_FOUND

    # findings ---------------------------------------------------------------------------------------------------------

    def route_findings(self, method, rest, query, body):
        if rest == ["sarifs"]:
            return 202, {"id": self.take_findings(json.loads(body))}
        if rest[0] == "sarifs":
            return 200, {"processing_status": "complete", "errors": None}
        return 200, [one for one in reversed(self.analyses) if query.get("ref") in (None, one["ref"])]

    def take_findings(self, sent):
        sarif = gzip.decompress(base64.b64decode(sent["sarif"]))
        self.received.append(sarif)
        (run,) = json.loads(sarif)["runs"]
        number = len(self.analyses) + 1
        self.analyses.append({"id": number, "sarif_id": str(number), "category": run["automationDetails"]["id"], "ref": sent["ref"],
                              "created_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "error": "", "warning": "",
                              "results_count": len(run["results"])})
        return str(number)

    @property
    def findings(self):
        """{category: the branch or pull request that it is about}"""
        return {one["category"]: one["ref"] for one in self.analyses}

    # issues -----------------------------------------------------------------------------------------------------------

    def route_issues(self, method, rest, query, body):
        if not rest:
            if method == "GET":
                return 200, [one for one in reversed(self.issues) if query.get("labels") in (None, *one["labels"])]
            return 201, self.open_issue(json.loads(body))
        issue = self.issues[int(rest[0]) - 1]
        sent = json.loads(body)
        if rest[1:] == ["comments"]:
            issue["comments"].append(sent["body"])
            return 201, {}
        issue.update(sent)
        return 200, issue

    def open_issue(self, sent):
        number = len(self.issues) + 1
        self.issues.append({"state": "open", "state_reason": None, **sent, "number": number, "user": BOT, "comments": [],
                            "html_url": f"https://github.example{self.root}issues/{number}"})
        return self.issues[-1]

    def route_labels(self, method, rest, body):
        if method == "GET":
            return (200, {}) if rest[0] in self.labels else NOT_FOUND
        self.labels.add(json.loads(body)["name"])
        return 201, {}
