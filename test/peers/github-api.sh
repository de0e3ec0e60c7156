#!/usr/bin/env bash
# Holds every request that the tests send to the fake GitHub against GitHub's own description of its REST API, by a mock
# server made from it (Prism): method, path, query and body of each.
#
#   npm install --prefix "$PEERS" --ignore-scripts @octokit/openapi@23.0.2 @stoplight/prism-cli@5.14.2
#   PEERS=… test/peers/github-api.sh build/dev
set -euo pipefail
peers=${PEERS:?a folder with the npm packages, see the head of this script}
build=${1:?the build folder that holds the test programs}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
port=${PORT:-4010}
prism=
trap '[ -z "$prism" ] || kill "$prism"; rm -rf "$work"' EXIT

export RECORD_REQUESTS=$work/requests.jsonl
for room in github commands; do
    "$build/test/$room/test_$room" '~[whole]~[peer]' >/dev/null
done
sort -u "$RECORD_REQUESTS" -o "$RECORD_REQUESTS"
echo "$(wc -l <"$RECORD_REQUESTS") different requests"

node "$here/github-api.cjs" describe "$peers/node_modules/@octokit/openapi/generated/api.github.com.json" >"$work/api.json"
"$peers/node_modules/.bin/prism" mock --port "$port" "$work/api.json" >"$work/prism.log" 2>&1 &
prism=$!
for _ in $(seq 100); do
    grep -q 'Prism is listening' "$work/prism.log" && break
    sleep 0.3
done
node "$here/github-api.cjs" send "http://127.0.0.1:$port" "$RECORD_REQUESTS"
