"""tools/pin and tools/release, before a registry and a git repository of their own."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

from container import CACHE
from project import ROOT

ACCEPT = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"
PATH = f"{CACHE}/bin:{os.environ['PATH']}"


def run(*words, directory=None, **environment):
    return subprocess.run(words, cwd=directory, env={**os.environ, "PATH": PATH, **environment}, capture_output=True,
                          text=True, check=False)


def succeed(*words, directory=None, **environment):
    ended = run(*words, directory=directory, **environment)
    if ended.returncode:
        raise AssertionError(f"{words} ended with {ended.returncode}\n{ended.stdout}{ended.stderr}")
    return ended.stdout.strip()


class Registry:
    """One that forgets everything at its end."""

    def __init__(self, test):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.host = f"localhost:{free.getsockname()[1]}"
        directory = Path(tempfile.mkdtemp())
        test.addCleanup(shutil.rmtree, directory)
        (directory / "config.yml").write_text(f"version: 0.1\nlog: {{level: error}}\n"
                                           "storage: {inmemory: {}, delete: {enabled: true}}\n"
                                           f"http: {{addr: '{self.host}'}}\n")
        process = subprocess.Popen(["docker-registry", "serve", directory / "config.yml"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        test.addCleanup(process.wait)
        test.addCleanup(process.terminate)
        for _ in range(600):
            try:
                self.get("")
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the registry does not respond")

    def get(self, path):
        return self.ask(self.host, "GET", path, Accept=ACCEPT)

    @staticmethod
    def ask(host, method, path, body=None, **headers):
        request = urllib.request.Request(f"http://{host}/v2/{path}", method=method, data=body, headers=headers)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as response:
            return response.read()

    def tags(self, repository):
        return sorted(json.loads(self.get(f"{repository}/tags/list"))["tags"])

    def repositories(self):
        return json.loads(self.get("_catalog"))["repositories"]

    def put(self, repository, platform, tag=None):
        """An image with nothing in it. Returns its digest."""
        system, architecture = platform.split("/")
        with tempfile.TemporaryDirectory() as name:
            layout = Path(name)
            config = json.dumps({"os": system, "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": []},
                                 "config": {"Labels": {"repository": repository}}}).encode()
            manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [],
                                   "config": self.blob(layout, config, "application/vnd.oci.image.config.v1+json")}).encode()
            described = self.blob(layout, manifest, "application/vnd.oci.image.manifest.v1+json")
            (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
            (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [described]}))
            succeed("skopeo", "copy", "--dest-tls-verify=false", f"oci:{layout}",
                    f"docker://{self.host}/{repository}:{tag or architecture}")
        return described["digest"]

    @staticmethod
    def blob(layout, content, media_type):
        digest = hashlib.sha256(content).hexdigest()
        (layout / "blobs/sha256").mkdir(parents=True, exist_ok=True)
        (layout / "blobs/sha256" / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


class Clone:
    """A clone of the action's repository, and the bare one it is pushed to."""

    def __init__(self, test):
        directory = Path(tempfile.mkdtemp(prefix="a clone "))
        test.addCleanup(shutil.rmtree, directory)
        self.origin, self.tree = directory / "origin.git", directory / "tree"
        succeed("git", "init", "--quiet", "--bare", "--initial-branch=master", str(self.origin))
        for name in ("action.yml", "action/action.yml", "action.Dockerfile", "src/bake/bake.h", "tools/pin", "tools/release",
                     ".github/workflows/ci.yml"):
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.tree / name)
        self.git("init", "--quiet", "--initial-branch=master")
        self.git("remote", "add", "origin", str(self.origin))
        self.commit("The action")

    def git(self, *words):
        return succeed("git", "-c", "user.name=A. Maintainer", "-c", "user.email=a@example.org", *words, directory=self.tree)

    def commit(self, message):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")
        self.git("push", "--quiet", "origin", "master")

    def tool(self, name, *words, **environment):
        return run(str(self.tree / "tools" / name), *words, directory="/", **environment)

    def commit_of(self, reference):
        return succeed("git", "--git-dir", str(self.origin), "rev-parse", reference)


class Release(unittest.TestCase):
    def setUp(self):
        self.clone, self.registry = Clone(self), Registry(self)
        self.image = f"{self.registry.host}/defra/python-image-action"
        self.digests = [self.registry.put("defra/python-image-action", f"linux/{one}") for one in ("amd64", "arm64")]

    def release(self, version):
        """As release.yml does it: the last step that was run."""
        ended = self.clone.tool("release", "check", version)
        if ended.returncode == 0:
            ended = self.clone.tool("release", "tag", version, self.image, *self.digests)
        return ended if ended.returncode else self.clone.tool("release", "push", version)

    def refuse(self, reference):
        """The server takes no push of it, as GitHub does with a tag that a token may not move."""
        hook = self.clone.origin / "hooks/update"
        hook.write_text(f'#!/bin/sh\n[ "$1" != {reference} ] || {{ echo "refusing to allow a GitHub App to update it"; exit 1; }}\n')
        hook.chmod(0o755)
        self.addCleanup(hook.unlink, missing_ok=True)
        return hook

    def test_the_tag_is_a_commit_beside_master_one_line_of_each_action_away_that_names_the_container_by_digest(self):
        """Only here: git and a registry, as a release uses them."""
        master = self.clone.commit_of("master")
        ended = self.release("v1.2.3")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(self.clone.commit_of("master"), master)
        self.assertEqual(self.clone.commit_of("v1.2.3^"), master)
        changed = succeed("git", "--git-dir", str(self.clone.origin), "diff", "--numstat", "master", "v1.2.3")
        self.assertEqual(changed, "1\t1\taction.yml\n1\t1\taction/action.yml")
        index = self.registry.get("defra/python-image-action/manifests/v1.2.3")
        for name in ("action.yml", "action/action.yml"):
            action = succeed("git", "--git-dir", str(self.clone.origin), "show", f"v1.2.3:{name}")
            self.assertIn(f"\n  image: docker://{self.image}@sha256:{hashlib.sha256(index).hexdigest()}\n", action + "\n")
        self.assertEqual({one["digest"] for one in json.loads(index)["manifests"]}, set(self.digests))
        self.assertEqual(self.clone.git("status", "--porcelain"), "")
        self.assertEqual(self.clone.git("rev-parse", "HEAD"), master)

    def test_the_major_version_moves_to_the_newest_and_never_back(self):
        """Only here: git moves a tag that is there."""
        for version in ("v1.2.3", "v1.10.0", "v1.9.9"):
            self.clone.commit(version)
            self.assertEqual(self.release(version).returncode, 0)
            newest = "v1.2.3" if version == "v1.2.3" else "v1.10.0"
            self.assertEqual(self.clone.commit_of("v1"), self.clone.commit_of(newest))
        self.assertNotEqual(self.clone.commit_of("v1.9.9"), self.clone.commit_of("v1"))

    def test_a_version_never_moves_and_nothing_else_than_one_is_released(self):
        """Only here: git and the script agree what is there."""
        self.assertEqual(self.release("v1.2.3").returncode, 0)
        before = self.clone.commit_of("v1.2.3")
        for version in ("v1.2.3", "1.2.4", "v1.2", "v01.2.4", "v1.2.4; touch x"):
            ended = self.release(version)
            self.assertEqual(ended.returncode, 2, version)
            self.assertIn("tools/release: ", ended.stderr)
        self.assertEqual(self.clone.commit_of("v1.2.3"), before)

    def test_a_server_that_does_not_say_whether_the_version_is_there_ends_the_release(self):
        """Only here: one command of git fails."""
        git = self.clone.tree.parent / "bin/git"
        git.parent.mkdir()
        git.write_text(f'#!/bin/sh\n[ "$1" != ls-remote ] || exit 128\nexec {shutil.which("git")} "$@"\n')
        git.chmod(0o755)
        self.assertEqual(self.clone.tool("release", "check", "v1.2.3", PATH=f"{git.parent}:{PATH}").returncode, 128)

    def test_a_refused_major_version_leaves_the_release_and_names_the_one_command_that_remains(self):
        """Only here: a hook of the other repository."""
        self.assertEqual(self.release("v1.2.3").returncode, 0)
        before, hook = self.clone.commit_of("v1"), self.refuse("refs/tags/v1")
        self.clone.commit("v1.2.4")
        ended = self.release("v1.2.4")
        self.assertEqual(ended.returncode, 3, ended.stderr)
        self.assertEqual(self.clone.commit_of("v1"), before)
        self.assertNotEqual(self.clone.commit_of("v1.2.4"), before)
        self.assertIn("v1.2.4 is released, but v1 was not moved", ended.stderr)
        hook.unlink()
        command = ended.stderr.strip().splitlines()[-1]
        self.assertTrue(command.startswith("git push --force "), command)
        succeed("bash", "-c", command.replace(str(self.clone.origin), f"'{self.clone.origin}'"), directory=self.clone.tree)
        self.assertEqual(self.clone.commit_of("v1"), self.clone.commit_of("v1.2.4"))

    def test_a_refused_version_moves_no_major_version(self):
        """Only here: a hook of the other repository."""
        self.refuse("refs/tags/v1.2.3")
        self.assertNotEqual(self.release("v1.2.3").returncode, 0)
        self.assertEqual(succeed("git", "--git-dir", str(self.clone.origin), "tag"), "")

    def test_workflows_that_changed_meanwhile_are_noticed_before_the_build_and_before_the_push(self):
        """Only here: git shows what changed meanwhile."""
        released = self.clone.git("rev-parse", "HEAD")
        self.assertEqual(self.clone.tool("release", "tag", "v1.2.3", self.image, *self.digests).returncode, 0)
        (self.clone.tree / ".github/workflows/ci.yml").write_text("on: push\n")
        self.clone.commit("Other workflows")
        self.clone.git("reset", "--quiet", "--hard", released)
        for step in (("check", "v1.2.4"), ("push", "v1.2.3")):
            ended = self.clone.tool("release", *step)
            self.assertEqual(ended.returncode, 2, step)
            self.assertIn("the workflows changed on the default branch since this commit", ended.stderr)
        self.assertEqual(succeed("git", "--git-dir", str(self.clone.origin), "tag"), "")

    def test_a_container_that_cannot_be_pulled_is_not_released(self):
        """Only here: a registry that wants a login."""
        self.assertEqual(self.clone.tool("release", "tag", "v1.2.3", self.image, *self.digests).returncode, 0)
        digest = hashlib.sha256(self.registry.get("defra/python-image-action/manifests/v1.2.3")).hexdigest()
        self.registry.ask(self.registry.host, "DELETE", f"defra/python-image-action/manifests/sha256:{digest}")
        ended = self.clone.tool("release", "push", "v1.2.3")
        self.assertEqual(ended.returncode, 2, ended.stderr)
        self.assertIn("without logging in: the registry answered 404", ended.stderr)
        self.assertIn("packages/container/python-image-action/settings", ended.stderr)
        self.assertEqual(succeed("git", "--git-dir", str(self.clone.origin), "tag"), "")

    def test_a_changed_work_tree_or_a_container_that_is_not_there_releases_nothing(self):
        """Only here: git shows what changed."""
        (self.clone.tree / "action.Dockerfile").write_text("FROM scratch\n")
        self.assertIn("the work tree has changes", self.release("v1.2.3").stderr)
        self.clone.git("checkout", "--quiet", ".")
        self.digests = ["sha256:" + "0" * 64]
        self.assertNotEqual(self.release("v1.2.3").returncode, 0)
        self.assertEqual(self.clone.git("tag"), "")


class Pins(unittest.TestCase):
    def setUp(self):
        self.clone, self.registry = Clone(self), Registry(self)
        self.tags = [one.partition("@")[0] for one in re.findall(r'(?:_IMAGE=|usual_buildkit = ")([^\s"]+)', self.pinned_files())]
        hosts = {self.name(tag).partition("/")[0] for tag in self.tags}
        conf = "".join(f'[[registry]]\nprefix = "{host}"\nlocation = "{self.registry.host}"\ninsecure = true\n' for host in hosts)
        self.home = self.clone.tree.parent / "home"
        (self.home / ".config/containers").mkdir(parents=True)
        (self.home / ".config/containers/registries.conf").write_text(conf)

    def pinned_files(self):
        return "".join((self.clone.tree / name).read_text() for name in ("action.Dockerfile", "src/bake/bake.h"))

    @staticmethod
    def name(tag):
        first, _, rest = tag.partition("/")
        if not rest:
            return f"docker.io/library/{tag}"
        return tag if "." in first else f"docker.io/{tag}"

    def pin(self, *words):
        return self.clone.tool("pin", *words, HOME=str(self.home))

    def test_every_reference_gets_the_digest_that_its_tag_has_and_a_second_time_nothing_changes(self):
        """Only here: skopeo and a registry agree on a digest."""
        digests = {}
        for tag in self.tags:
            repository, _, version = self.name(tag).partition("/")[2].rpartition(":")
            digests[tag] = self.registry.put(repository, "linux/amd64", version)
        ended = self.pin()
        self.assertEqual(ended.returncode, 0, ended.stderr)
        pinned = self.pinned_files()
        for tag, digest in digests.items():
            self.assertRegex(pinned, rf'(_IMAGE=|usual_buildkit = "){re.escape(tag)}@{digest}["\n]')
        self.assertEqual(self.pin("--check").returncode, 0)
        self.assertEqual(self.pin().returncode, 0)
        self.assertEqual(self.pinned_files(), pinned)

        repository, _, version = self.name(self.tags[0]).partition("/")[2].rpartition(":")
        moved = self.registry.put(repository, "linux/arm64", version)
        self.assertEqual(self.pin().returncode, 0)
        self.assertEqual(self.pinned_files(), pinned.replace(digests[self.tags[0]], moved))

    def test_what_cannot_be_resolved_is_reported_and_not_written(self):
        """Only here: skopeo fails in its own way."""
        before = self.pinned_files()
        ended = self.pin()
        self.assertEqual(ended.returncode, 3)
        self.assertIn("could not be resolved", ended.stderr)
        self.assertEqual(self.pinned_files(), before)
        self.assertEqual(self.pin("--check").returncode, 0 if before.count("@sha256:") == len(self.tags) else 1)


if __name__ == "__main__":
    unittest.main()
