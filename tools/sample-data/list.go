// Reads advisories.json, the list that both sample databases are made from.
//
// The programs are built inside the source trees of the scanners whose format they write (tools/ready.d/sample-data): this file together
// with trivy.go in Trivy's, with grype.go in Grype's. So the databases pass through the scanners' own code, with the versions it pins.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// List is what one kind of sample run knows about: green leaves out the advisories marked "red".
type List struct {
	Captured        time.Time
	Vulnerabilities map[string]Vulnerability
	Debian          []DebianAdvisory
	Pip             []PipAdvisory
	Interpreter     []InterpreterAdvisory
}

type Vulnerability struct {
	Title     string
	Severity  string // as the National Vulnerability Database has it: LOW ... CRITICAL
	Vector    string // CVSS 3.1, empty for the old ones
	Score     float64
	Published time.Time
}

// DebianAdvisory is one row of Debian's security tracker. Package is the source package.
type DebianAdvisory struct {
	ID, Package, List string
	Releases          []string
	Fixed             string // empty: not fixed in these releases
	State             string // of what is not fixed: unimportant, no-dsa, ignored
	Advisory          string // DSA, if there is one
}

type PipAdvisory struct {
	ID, GHSA, Package, Severity, Fixed, List string // every version below Fixed is affected
}

// InterpreterAdvisory is about CPython itself; the version that fixes it is the one that ends the range.
type InterpreterAdvisory struct {
	ID, List string
	Ranges   []struct{ From, Below string }
}

func loadList(path, name string) List {
	raw, err := os.ReadFile(path)
	must(err)
	var all List
	must(json.Unmarshal(raw, &all))
	wanted := func(list string) bool { return list == "" || list == name }

	list := List{Captured: all.Captured, Vulnerabilities: map[string]Vulnerability{}}
	use := func(id string) {
		vulnerability, known := all.Vulnerabilities[id]
		if !known {
			must(fmt.Errorf("%s: %s is not described under \"vulnerabilities\"", path, id))
		}
		list.Vulnerabilities[id] = vulnerability
	}
	for _, advisory := range all.Debian {
		if wanted(advisory.List) {
			use(advisory.ID)
			list.Debian = append(list.Debian, advisory)
		}
	}
	for _, advisory := range all.Pip {
		if wanted(advisory.List) {
			use(advisory.ID)
			list.Pip = append(list.Pip, advisory)
		}
	}
	for _, advisory := range all.Interpreter {
		if wanted(advisory.List) {
			use(advisory.ID)
			list.Interpreter = append(list.Interpreter, advisory)
		}
	}
	return list
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
