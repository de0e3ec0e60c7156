// Writes a Grype database (schema 6).
//
//	sample-data advisories.json green FOLDER
//
// FOLDER receives vulnerability.db and import.json, dated now. The advisories are laid out as vunnel, Grype's collector, lays them out:
// one folder for each provider with metadata.json and results/*.json; Grype's own builder reads them.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	grypedb "github.com/anchore/grype/grype/db"
	"github.com/anchore/grype/grype/db/provider"
	v6 "github.com/anchore/grype/grype/db/v6"
)

type object = map[string]any
type array = []any

const schemas = "https://raw.githubusercontent.com/anchore/vunnel/main/schema/"

func writeJSON(path string, value any) {
	must(os.MkdirAll(filepath.Dir(path), 0o755))
	raw, err := json.Marshal(value)
	must(err)
	must(os.WriteFile(path, raw, 0o644))
}

// Grype takes the kind of a record from its schema's address.
func writeRecord(workspace, provider, schema, id string, item object) {
	file := strings.ReplaceAll(strings.ReplaceAll(id, "/", "_"), ":", "@") + ".json"
	writeJSON(filepath.Join(workspace, provider, "results", file),
		object{"schema": schemas + "vulnerability/" + schema, "identifier": id, "item": item})
}

func capitalised(word string) string { return word[:1] + strings.ToLower(word[1:]) }

// One record for each vulnerability and release, with all packages that it concerns.
func writeDebian(workspace string, list List) {
	type key struct{ release, id string }
	fixes := map[key]array{}
	severities := map[key]string{}
	for _, advisory := range list.Debian {
		version, summary := advisory.Fixed, array{}
		if version == "" {
			version = "None"
		}
		if advisory.Advisory != "" {
			summary = append(summary, object{"ID": advisory.Advisory, "Link": "https://security-tracker.debian.org/tracker/" + advisory.Advisory})
		}
		for _, release := range advisory.Releases {
			record := key{release, advisory.ID}
			fixes[record] = append(fixes[record], object{
				"Name": advisory.Package, "NamespaceName": "debian:" + release, "Version": version, "VersionFormat": "dpkg",
				"VendorAdvisory": object{"AdvisorySummary": summary, "NoAdvisory": advisory.State == "no-dsa" || advisory.State == "ignored"},
			})
			severities[record] = capitalised(list.Vulnerabilities[advisory.ID].Severity)
			if advisory.State == "unimportant" {
				severities[record] = "Negligible"
			}
		}
	}
	for record, fixedIn := range fixes {
		writeRecord(workspace, "debian", "os/schema-1.1.0.json", "debian:"+record.release+"/"+strings.ToLower(record.id), object{
			"Vulnerability": object{
				"Name": record.id, "NamespaceName": "debian:" + record.release, "Severity": severities[record], "FixedIn": fixedIn,
				"Description": list.Vulnerabilities[record.id].Title, "Link": "https://security-tracker.debian.org/tracker/" + record.id,
				"CVSS": array{}, "Metadata": object{},
			},
		})
	}
}

func writePip(workspace string, list List) {
	for _, advisory := range list.Pip {
		vulnerability := list.Vulnerabilities[advisory.ID]
		writeRecord(workspace, "github", "github-security-advisory/schema-1.0.1.json", "github:python/"+strings.ToLower(advisory.GHSA), object{
			"Vulnerability": object{},
			"Advisory": object{
				"ghsaId": advisory.GHSA, "namespace": "github:python", "url": "https://github.com/advisories/" + advisory.GHSA,
				"CVE": array{advisory.ID}, "Metadata": object{"CVE": array{advisory.ID}}, "Classification": "GENERAL",
				"Severity": capitalised(advisory.Severity), "Summary": vulnerability.Title, "cvss_severities": array{},
				"published": vulnerability.Published, "updated": vulnerability.Published,
				"FixedIn": array{object{"name": advisory.Package, "ecosystem": "python", "namespace": "github:python",
					"identifier": advisory.Fixed, "range": "< " + advisory.Fixed}},
			},
		})
	}
}

// The versions of CPython a vulnerability affects, as the National Vulnerability Database writes them.
func interpreterMatches(list List, id string) array {
	matches := array{}
	for _, advisory := range list.Interpreter {
		if advisory.ID != id {
			continue
		}
		for _, affected := range advisory.Ranges {
			matches = append(matches, object{
				"vulnerable": true, "criteria": "cpe:2.3:a:python:python:*:*:*:*:*:*:*:*", "matchCriteriaId": "00000000-0000-0000-0000-000000000000",
				"versionStartIncluding": affected.From, "versionEndExcluding": affected.Below,
				"fix": object{"version": affected.Below, "date": list.Vulnerabilities[id].Published.Format("2006-01-02"), "kind": "first-observed"},
			})
		}
	}
	return matches
}

func writeNVD(workspace string, list List) {
	for id, vulnerability := range list.Vulnerabilities {
		metrics, configurations := object{}, array{}
		if vulnerability.Vector != "" {
			metrics["cvssMetricV31"] = array{object{"source": "nvd@nist.gov", "type": "Primary", "cvssData": object{"version": "3.1",
				"vectorString": vulnerability.Vector, "baseScore": vulnerability.Score, "baseSeverity": vulnerability.Severity}}}
		}
		if matches := interpreterMatches(list, id); len(matches) > 0 {
			configurations = array{object{"nodes": array{object{"operator": "OR", "negate": false, "cpeMatch": matches}}}}
		}
		published := vulnerability.Published.Format("2006-01-02T15:04:05.000")
		writeRecord(workspace, "nvd", "nvd/schema-1.0.0.json", fmt.Sprintf("%d/%s", vulnerability.Published.Year(), strings.ToLower(id)), object{
			"cve": object{
				"id": id, "sourceIdentifier": "cve@mitre.org", "vulnStatus": "Analyzed", "published": published, "lastModified": published,
				"descriptions": array{object{"lang": "en", "value": vulnerability.Title}}, "metrics": metrics, "weaknesses": array{},
				"configurations": configurations, "references": array{object{"url": "https://nvd.nist.gov/vuln/detail/" + id, "source": "nvd@nist.gov"}},
			},
		})
	}
}

// Closes a provider's folder the way vunnel does, and reads it back.
func stateOf(workspace, name string, captured time.Time) provider.State {
	folder := filepath.Join(workspace, name)
	writeJSON(filepath.Join(folder, "metadata.json"), object{
		"provider": name, "version": 1, "distribution_version": 1, "processor": "sample", "store": "flat-file", "timestamp": captured,
		"schema": object{"version": "1.0.3", "url": schemas + "provider-workspace-state/schema-1.0.3.json"}, "urls": array{},
		"listing": object{"path": "results/listing.xxh64", "digest": "0", "algorithm": "xxh64"},
	})
	opened := provider.NewWorkspaceFromExisting(folder)
	must(opened.EnsureListingFile())
	state, err := opened.ReadState()
	must(err)
	must(state.Verify())
	return *state
}

func main() {
	list, folder := loadList(os.Args[1], os.Args[2]), os.Args[3]
	workspace, err := os.MkdirTemp("", "sample-data")
	must(err)
	defer os.RemoveAll(workspace)
	writeDebian(workspace, list)
	writePip(workspace, list)
	writeNVD(workspace, list)

	var states provider.States
	for _, name := range []string{"debian", "github", "nvd"} {
		states = append(states, stateOf(workspace, name, list.Captured))
	}
	must(os.MkdirAll(folder, 0o755))
	must(grypedb.Build(grypedb.BuildConfig{
		SchemaVersion: v6.ModelVersion, Directory: folder, States: states, Timestamp: time.Now(),
		IncludeCPEParts: []string{"a"}, InferNVDFixVersions: true, Hydrate: true,
		SQLiteCacheSizeKiB: 4096, // the default is a gigabyte
	}))
}
