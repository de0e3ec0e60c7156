# The report of one scanner about an image with $findings findings in it: jq -n --arg scanner trivy --argjson findings 10000 -f reports.jq
# Both see the same, under other names, as the real ones do. About 2.5 kB each.

def digest($letter): "sha256:" + ([range(64) | $letter] | join(""));
def words($n): [range($n) | "lorem ipsum dolor sit amet consectetur"] | join(" ");
def cve($i): "CVE-2026-\(10000 + ($i / 3 | floor))";
def package($i): "package-\($i)";
def severity($i): ["NEGLIGIBLE", "LOW", "MEDIUM", "HIGH", "CRITICAL", "UNKNOWN"][$i % 6];
def fixed($i): $i % 2 == 0;

def trivy:
  {SchemaVersion: 2, Trivy: {Version: "0.74.0"}, ArtifactName: "image", ArtifactType: "container_image",
   Metadata: {OS: {Family: "debian", Name: "12.11"}, ImageID: digest("c"), ImageConfig: {architecture: "amd64", os: "linux"}},
   Results: [{Target: "image (debian 12.11)", Class: "os-pkgs", Type: "debian", Vulnerabilities: [range($findings) | {
     VulnerabilityID: cve(.), VendorIDs: ["DSA-\(.)-1"], PkgID: (package(.) + "@1.0"), PkgName: package(.), PkgIdentifier: {PURL: "pkg:deb/debian/\(package(.))@1.0?arch=amd64", UID: "0123456789abcdef"},
     InstalledVersion: "1.0", FixedVersion: (if fixed(.) then "1.1" else "" end), Status: (if fixed(.) then "fixed" else "affected" end),
     Layer: {Digest: digest("a"), DiffID: digest("b")}, SeveritySource: "nvd", PrimaryURL: "https://avd.aquasec.com/nvd/\(cve(.) | ascii_downcase)",
     DataSource: {ID: "debian", Name: "Debian Security Tracker", URL: "https://salsa.debian.org/security-tracker-team/security-tracker"},
     Title: "\(package(.)): \(words(2))", Description: words(25), Severity: severity(.), CweIDs: ["CWE-787"], VendorSeverity: {nvd: 3, redhat: 2},
     CVSS: {nvd: {V3Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", V3Score: 9.8}},
     References: [range(6) | "https://lists.example/archive/message/\(.)"], PublishedDate: "2026-01-01T00:00:00Z", LastModifiedDate: "2026-02-01T00:00:00Z"}]}]};

def grype:
  {matches: [range($findings) | {
     vulnerability: {id: cve(.), dataSource: "https://security-tracker.debian.org/tracker/\(cve(.))", namespace: "debian:distro:debian:12", severity: (severity(.) | .[:1] + (.[1:] | ascii_downcase)),
       urls: [range(4) | "https://lists.example/archive/message/\(.)"], description: words(25),
       cvss: [{source: "nvd", type: "Primary", version: "3.1", vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", metrics: {baseScore: 9.8, exploitabilityScore: 3.9, impactScore: 5.9}}],
       fix: {versions: (if fixed(.) then ["1.1"] else [] end), state: (if fixed(.) then "fixed" else "not-fixed" end)}, advisories: [], risk: 1.5, epss: [{cve: cve(.), epss: 0.01, percentile: 0.5}]},
     relatedVulnerabilities: [{id: cve(.), dataSource: "https://nvd.nist.gov/vuln/detail/\(cve(.))", namespace: "nvd:cpe", severity: "High", urls: [], description: words(10)}],
     matchDetails: [{type: "exact-indirect-match", matcher: "dpkg-matcher", searchedBy: {distro: {type: "debian", version: "12"}, package: {name: package(.), version: "1.0"}}, found: {versionConstraint: "< 1.1 (deb)", vulnerabilityID: cve(.)}}],
     artifact: {id: "0123456789abcdef", name: package(.), version: "1.0", type: "deb", locations: [{path: "/var/lib/dpkg/status", layerID: digest("b"), accessPath: "/var/lib/dpkg/status", annotations: {evidence: "primary"}}],
       language: "", licenses: ["GPL-2.0"], cpes: [], purl: "pkg:deb/debian/\(package(.))@1.0?arch=amd64&distro=debian-12", upstreams: []}}],
   source: {type: "image", target: {userInput: "image", imageID: digest("c"), manifestDigest: digest("d"), tags: [], architecture: "amd64", os: "linux"}},
   distro: {name: "debian", version: "12.11", idLike: []},
   descriptor: {name: "grype", version: "0.121.2", db: {status: {schemaVersion: "v6.1.10", built: "2026-11-23T06:00:00Z", valid: true}}, timestamp: "2026-11-23T12:00:00Z"}};

if $scanner == "trivy" then trivy else grype end
