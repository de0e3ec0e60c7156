#!/usr/bin/env bash
# Validates SARIF files with two independent validators: the official schema (ajv) and Microsoft's multitool with GitHub's rules.
#
#   SAMPLES=DIRECTORY test_report '[samples]'
#   test/peers/sarif.sh DIRECTORY/*.sarif
#
# Needs PEERS, a directory with the packages of test/peers/npm, and libicu (tools/ready report-peers). SARIF_SCHEMA names another schema file
# than the one of the validator.
# Ends with 1 if a file has an error or a warning, or if a validator accepts an invalid file.
set -euo pipefail

peers=${PEERS:?a directory with the npm packages, see the head of this script}
multitool=$peers/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
schema=${SARIF_SCHEMA:-$(dirname "$multitool")/sarif-2.1.0.json}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ $# -gt 0 ] || { echo "usage: $0 FILE.sarif..." >&2; exit 2; }
[ -r "$schema" ] || { echo "no schema at $schema: set SARIF_SCHEMA" >&2; exit 2; }
chmod u+x "$multitool"

# GitHub's rules are off by default. GH1004 has outdated limits. SARIF2005 wants the URL of the tool's page, SARIF2007 that of the
# repository, and SARIF2006 requests URLs over the network.
"$multitool" export-validation-config "$work/rules.xml" >/dev/null
sed -i -E '/Key="GH100[123567]\./{n;s/"Default"/"Error"/};/Key="SARIF200[567]\./{n;s/"Default"/"Disabled"/}' "$work/rules.xml"

# By default the multitool accepts at most 10 MB.
largest=50000

# fit_schema FILE.json...
fit_schema() {
    local file options=()
    for file in "$@"; do options+=(-d "$file"); done
    (cd "$peers" && node_modules/.bin/ajv validate --spec=draft2020 --strict=false -c ajv-formats --all-errors -s "$schema" "${options[@]}") >"$work/ajv.log" 2>&1
}

# complaints FILE.sarif...: how many, on standard output; what they are, on standard error. The multitool ends with 0 whatever it finds: its
# report counts.
complaints() {
    "$multitool" validate "$@" --rule-kind 'Sarif;Ghas' --config "$work/rules.xml" --level 'Error;Warning' --max-file-size-in-kb $largest \
        --output "$work/report.sarif" --log ForceOverwrite >"$work/multitool.log" 2>&1 || { cat "$work/multitool.log" >&2; echo 999; return; }
    node -e '
        const results = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8").replace(/^\uFEFF/, "")).runs[0].results;
        const place = r => (((r.locations || [])[0] || {}).physicalLocation || { artifactLocation: {} }).artifactLocation.uri;
        for (const r of results) console.error("  " + place(r) + ": " + r.ruleId + " " + (r.level || "warning") + ": " + (r.message.text || JSON.stringify(r.message)));
        console.log(results.length);
    ' "$work/report.sarif"
}

mkdir "$work/files"
number=0
for file in "$@"; do cp "$file" "$work/files/$((++number)).json"; done # ajv wants this ending, and would read other names as patterns

wrong=0
if ! fit_schema "$work"/files/*.json; then
    cat "$work/ajv.log"
    wrong=1
fi
[ "$(complaints "$@")" -eq 0 ] || wrong=1
[ $wrong = 1 ] || printf 'valid: %s\n' "$@"

# A validator that accepts everything proves nothing.
wrong_file() {
    cat >"$work/wrong.sarif" <<END
{"\$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x", "rules": []}},
 "results": [{"level": "$1", "message": {"text": "x."}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "$2"}}}]}]}]}
END
    cp "$work/wrong.sarif" "$work/wrong.json"
}
wrong_file fatal Dockerfile
if fit_schema "$work/wrong.json"; then
    echo "ajv accepts a level that does not exist" >&2
    wrong=1
fi
wrong_file error alpine:3.10
if ! complaints "$work/wrong.sarif" 2>&1 >/dev/null | grep -q GH1005; then
    echo "the multitool accepts the name of an image as a place" >&2
    wrong=1
fi
exit "$wrong"
