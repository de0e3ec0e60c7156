"""The commands of IMAGE_SCANNING.md, one after the other as they stand there, on a service's image in the engine."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from container import BASES, CACHE
from project import ROOT
from test_documents import command_lines

SERVICE = "example-service"


def newest(sample):
    return max((CACHE / "databases").glob(f"sample-{sample}-*"), key=lambda path: path.stat().st_mtime)


class Guide(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="a service "))
        self.addCleanup(shutil.rmtree, self.folder)
        self.environment = {**os.environ, "PATH": f"{ROOT}/build/release:{CACHE}/bin:{os.environ['PATH']}"}
        self.make_service()

    def make_service(self):
        if subprocess.run(["docker", "inspect", SERVICE], capture_output=True, check=False).returncode == 0:
            self.skipTest(f"the engine has an image called {SERVICE}, which is somebody else's")
        base = json.loads((CACHE / "stand-ins/bases.json").read_text())[BASES["DEBIAN"]]
        (self.folder / "Dockerfile").write_text("FROM parent\nCMD [\"python3\"]\n")
        self.succeed("docker-buildx", "build", "--provenance=false", "--tag", SERVICE, "--build-context",
                     f"parent=oci-layout://{base['layout']}@{base['digest']}", ".")
        self.addCleanup(subprocess.run, ["docker", "rmi", SERVICE], capture_output=True, check=False)

    def run_words(self, *words):
        return subprocess.run(words, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False)

    def succeed(self, *words):
        ended = self.run_words(*words)
        self.assertEqual(ended.returncode, 0, f"{words}\n{ended.stdout}{ended.stderr}")

    def scan_and_judge(self, sample):
        """Where the databases come from is all that is not in the document: no feed is asked here."""
        databases = newest(sample)
        shutil.rmtree(self.folder / "trivy", ignore_errors=True)
        shutil.copytree(databases / "trivy", self.folder / "trivy")
        self.environment |= {"TRIVY_CACHE_DIR": str(self.folder / "trivy"), "TRIVY_SKIP_DB_UPDATE": "true",
                             "TRIVY_SKIP_VERSION_CHECK": "true", "TRIVY_OFFLINE_SCAN": "true",
                             "GRYPE_DB_CACHE_DIR": str(databases / "grype"), "GRYPE_DB_AUTO_UPDATE": "false",
                             "GRYPE_DB_VALIDATE_AGE": "false", "GRYPE_CHECK_FOR_APP_UPDATE": "false"}
        lines = [line for line in command_lines("IMAGE_SCANNING.md")
                 if line.startswith(("docker save", "trivy image", "grype", "python-image-action judge --trivy"))]
        self.assertEqual(len(lines), 4, lines)
        *scans, judge = [line.split() for line in lines]
        for scan in scans:
            self.succeed(*scan)
        return self.run_words(*judge)

    def test_a_clean_service_ends_with_0_and_one_that_something_blocks_with_1(self):
        clean = self.scan_and_judge("green")
        self.assertEqual(clean.returncode, 0, clean.stdout + clean.stderr)
        self.assertTrue((self.folder / "scan/report.html").exists())
        blocked = self.scan_and_judge("red")
        self.assertEqual(blocked.returncode, 1, blocked.stdout + blocked.stderr)


if __name__ == "__main__":
    unittest.main()
