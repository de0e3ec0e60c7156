// Writes a Trivy database (schema 2).
//
//	sample-data advisories.json green FOLDER
//
// FOLDER receives trivy.db and metadata.json, dated now.
package main

import (
	"os"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy-db/pkg/metadata"
	"github.com/aquasecurity/trivy-db/pkg/types"
	bolt "go.etcd.io/bbolt"
)

var (
	debianTracker = types.DataSource{ID: "debian", Name: "Debian Security Tracker", URL: "https://salsa.debian.org/security-tracker-team/security-tracker"}
	githubPip     = types.DataSource{ID: "ghsa", Name: "GitHub Security Advisory pip", URL: "https://github.com/advisories?query=type%3Areviewed+ecosystem%3Apip"}
)

// What trivy-db makes of the tracker's words; "ignored" is the only one that means no fix is coming.
func statusOf(state string) types.Status {
	if state == "ignored" {
		return types.StatusWillNotFix
	}
	return types.StatusAffected
}

func putDebian(tx *bolt.Tx, advisory DebianAdvisory) {
	record := types.Advisory{FixedVersion: advisory.Fixed}
	if advisory.Fixed == "" {
		record.Status = statusOf(advisory.State)
	}
	if advisory.State == "unimportant" {
		record.Severity = types.SeverityLow
	}
	if advisory.Advisory != "" {
		record.VendorIDs = []string{advisory.Advisory}
	}
	for _, release := range advisory.Releases {
		bucket := "debian " + release
		must(db.Config{}.PutDataSource(tx, bucket, debianTracker))
		must(db.Config{}.PutAdvisory(tx, []string{bucket, advisory.Package}, advisory.ID, &record))
	}
}

func putPip(tx *bolt.Tx, advisory PipAdvisory) {
	bucket := "pip::" + githubPip.Name
	must(db.Config{}.PutDataSource(tx, bucket, githubPip))
	must(db.Config{}.PutAdvisory(tx, []string{bucket, advisory.Package}, advisory.ID, &types.Advisory{
		VendorIDs:          []string{advisory.GHSA},
		VulnerableVersions: []string{"< " + advisory.Fixed},
		PatchedVersions:    []string{advisory.Fixed},
	}))
}

func putVulnerability(tx *bolt.Tx, id string, vulnerability Vulnerability, pip []PipAdvisory) {
	record := types.Vulnerability{
		Title: vulnerability.Title, Description: vulnerability.Title, PublishedDate: &vulnerability.Published,
		References:     []string{"https://nvd.nist.gov/vuln/detail/" + id},
		VendorSeverity: types.VendorSeverity{}, CVSS: types.VendorCVSS{},
	}
	rate := func(source types.SourceID, word string) {
		severity, err := types.NewSeverity(word)
		must(err)
		record.VendorSeverity[source] = severity
	}
	rate("nvd", vulnerability.Severity)
	for _, advisory := range pip {
		if advisory.ID == id {
			rate("ghsa", advisory.Severity)
		}
	}
	if vulnerability.Vector != "" {
		record.CVSS["nvd"] = types.CVSS{V3Vector: vulnerability.Vector, V3Score: vulnerability.Score}
	}
	must(db.Config{}.PutVulnerability(tx, id, record))
}

func main() {
	list, folder := loadList(os.Args[1], os.Args[2]), os.Args[3]
	must(db.Init(folder))
	must(db.Config{}.BatchUpdate(func(tx *bolt.Tx) error {
		for _, advisory := range list.Debian {
			putDebian(tx, advisory)
		}
		for _, advisory := range list.Pip {
			putPip(tx, advisory)
		}
		for id, vulnerability := range list.Vulnerabilities {
			putVulnerability(tx, id, vulnerability, list.Pip)
		}
		return nil
	}))
	must(db.Close())
	now := time.Now().UTC()
	must(metadata.NewClient(folder).Update(metadata.Metadata{
		Version: db.SchemaVersion, UpdatedAt: now, NextUpdate: now.Add(24 * time.Hour), DownloadedAt: now,
	}))
}
