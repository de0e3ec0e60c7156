# The verdict's join alone, as one would write it in jq: one finding for each vulnerability of a package at a path, the higher severity, a fix
# if either knows one; how many block. jq -n --slurpfile trivy T.json --slurpfile grype G.json -f join.jq
def rank: {"unknown": 0, "negligible": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}[ascii_downcase];
[($trivy[0].Results[]? | . as $result | .Vulnerabilities[]? |
    {id: .VulnerabilityID, package: .PkgName, path: (if $result.Class == "os-pkgs" then "" else .PkgPath end), severity: (.Severity | rank), fixed: (.FixedVersion != ""), by: "trivy"}),
 ($grype[0].matches[] |
    {id: ([.relatedVulnerabilities[].id, .vulnerability.id] | map(select(startswith("CVE-"))) | first // "?"), package: .artifact.name,
     path: (if .artifact.type == "deb" then "" else .artifact.locations[0].path end), severity: (.vulnerability.severity | rank), fixed: (.vulnerability.fix.state == "fixed"), by: "grype"})]
| group_by([.id, .package, .path])
| map({id: .[0].id, package: .[0].package, path: .[0].path, severity: (map(.severity) | max), fixed: any(.fixed), by: map(.by)})
| {findings: ., blocking: map(select(.severity >= 3 and .fixed)) | length}
