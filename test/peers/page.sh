#!/usr/bin/env bash
# Opens report pages in a real browser, on a desktop, on a phone, in the dark and on paper: nothing is loaded, nothing hostile runs, nothing
# sticks out sideways, the filter filters. Leaves a picture of each beside the page.
#
#   SAMPLES=DIRECTORY test_report '[samples]'
#   test/peers/page.sh DIRECTORY/*.html
#
# Needs chromium (Debian's) and PEERS, a directory with the packages of test/peers/npm (tools/ready report-peers).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
: "${PEERS:?a directory with the npm packages, see the head of this script}"
[ $# -gt 0 ] || { echo "usage: $0 PAGE.html..." >&2; exit 2; }
exec node "$here/page.cjs" "$@"
