#!/usr/bin/env bash
# Opens report pages in a real browser (desktop, phone, dark theme, print): nothing is loaded, no hostile text runs, nothing overflows
# sideways, and the filter works. Saves a screenshot of each beside the page.
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
