// The same join in Node: node join.cjs TRIVY.json GRYPE.json
const { readFileSync } = require("fs");
const [trivy, grype] = process.argv.slice(2).map(file => JSON.parse(readFileSync(file, "utf8")));
const rank = word => ["unknown", "negligible", "low", "medium", "high", "critical"].indexOf(word.toLowerCase());
const found = new Map();
const add = (id, name, path, severity, fixed, by) => {
  const key = id + "\n" + name + "\n" + path;
  const known = found.get(key);
  if (!known) return found.set(key, { id, package: name, path, severity, fixed, by: [by] });
  known.severity = Math.max(known.severity, severity);
  known.fixed = known.fixed || fixed;
  known.by.push(by);
};
for (const result of trivy.Results || []) {
  for (const v of result.Vulnerabilities || []) add(v.VulnerabilityID, v.PkgName, result.Class === "os-pkgs" ? "" : v.PkgPath, rank(v.Severity), v.FixedVersion !== "", "trivy");
}
for (const match of grype.matches) {
  const id = [...match.relatedVulnerabilities.map(r => r.id), match.vulnerability.id].find(id => id.startsWith("CVE-")) || "?";
  add(id, match.artifact.name, match.artifact.type === "deb" ? "" : match.artifact.locations[0].path, rank(match.vulnerability.severity), match.vulnerability.fix.state === "fixed", "grype");
}
const findings = [...found.values()].sort((a, b) => b.severity - a.severity || (a.id < b.id ? -1 : 1));
process.stdout.write(JSON.stringify({ findings, blocking: findings.filter(f => f.severity >= 3 && f.fixed).length }));
