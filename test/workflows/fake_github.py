"""A GitHub that remembers releases and findings, on a port of this machine: enough for one run of the workflow. (The program's
own tests have one that also lies.)"""

import base64
import gzip
import json
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "canary-5b21-of-the-github-token"


class GitHub:
    def __init__(self, test, repository="defra/images"):
        self.releases, self.findings, self.refused = [], {}, []
        self.root = f"/repos/{repository}/"
        server = ThreadingHTTPServer(("127.0.0.1", 0), self.make_handler())
        self.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        test.addCleanup(server.server_close)
        test.addCleanup(thread.join)
        test.addCleanup(server.shutdown)

    def make_handler(self):
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    status, answer = 401, {"message": "Bad credentials"}
                else:
                    status, answer = hub.route(self.command, self.path, body)
                if status >= 400 and "/git/ref/tags/" not in self.path:  # asking for a tag that is not there yet is no mistake
                    hub.refused.append(f"{self.command} {self.path}: {status}")
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_PUT = answer

            def log_message(self, *_):
                pass

        return Handler

    def route(self, method, url, body):
        path, _, query = url.partition("?")
        path = path.removeprefix(self.root)
        if path == "releases":
            return (200, [self.show(one) for one in self.releases]) if method == "GET" else (201, self.create(json.loads(body)))
        found = re.fullmatch(r"releases/(\d+)(/assets)?", path)
        if found:
            release = self.releases[int(found[1])]
            if found[2]:
                release["files"][urllib.parse.parse_qs(query)["name"][0]] = body
                return 201, {"state": "uploaded"}
            release.update(json.loads(body) if body else {})
            return 200, self.show(release)
        if path == "code-scanning/sarifs":
            sent = json.loads(body)
            sarif = json.loads(gzip.decompress(base64.b64decode(sent["sarif"])))
            self.findings[sarif["runs"][0]["automationDetails"]["id"]] = sent["ref"]
            return 202, {"id": str(len(self.findings))}
        if path.startswith("code-scanning/sarifs/"):
            return 200, {"processing_status": "complete", "errors": None}
        if path == "code-scanning/analyses":
            return 200, [{"id": number, "sarif_id": str(number), "category": category, "ref": ref, "error": "", "warning": ""}
                         for number, (category, ref) in enumerate(self.findings.items(), 1)]
        if path.startswith("git/ref/tags/"):
            for release in self.releases:
                if not release["draft"] and release["tag_name"] == path.rpartition("/")[2]:
                    return 200, {"object": {"type": "commit", "sha": release["target_commitish"]}}
        if path.startswith("commits/"):
            return 200, {"sha": "a" * 40}
        return 404, {"message": "Not Found"}

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
