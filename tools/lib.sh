# shellcheck shell=bash
# Shared by the steps of the set-up: the cache, messages, and downloads of packages and modules.

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(dirname "$tools")
cache=${PYTHON_IMAGE_ACTION_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/python-image-action}
export CCACHE_DIR=$cache/ccache
# Clones of the same sources share the compiler cache.
export CCACHE_BASEDIR=$project CCACHE_NOHASHDIR=1
export PATH=$cache/bin:$PATH

# Messages for people; in a step, whose own output goes to a log, they still reach the terminal (see ready).
say() { printf '%s\n' "$@" >&"${terminal:-2}"; }

# Ends with an error: what is wrong, then what to do, one line each.
stop() {
    printf '%s\n' "$@" >&"${terminal:-2}"
    exit 3
}

have() { command -v "$1" >/dev/null; }

# The digest of standard input: the content of files, not their names or dates.
digest_of() { sha256sum | cut -c1-16; }

# os_field NAME: one field of /etc/os-release, empty where there is none.
os_field() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}$/\1/p" /etc/os-release 2>/dev/null || true; }

# Lists which of these Debian packages are not installed; all of them without dpkg.
missing_packages() {
    local package installed
    installed=" $(dpkg-query -Wf '${db:Status-Abbrev}${Package} ' "$@" 2>/dev/null || true)"
    for package in "$@"; do
        [[ $installed == *" ii $package "* || $installed == *" hi $package "* ]] || echo "$package"
    done
}

# update_lists APT-OPTION...: apt's lists of packages. It waits for another apt where packages are installed, but not here.
update_lists() {
    local output tries=0
    until output=$(LC_ALL=C apt-get "$@" update 2>&1); do
        if [[ $output != *"Could not get lock"* ]] || [ $((tries += 1)) -gt 120 ]; then
            echo "$output" && return 1
        fi
        sleep 5
    done
    echo "$output"
}

# install_packages APT-OPTION... -- PACKAGE...: as root on Debian or Ubuntu; anywhere else prints what is missing and stops.
install_packages() {
    local options=()
    while [ "$1" != -- ]; do options+=("$1") && shift; done
    shift
    if ! have apt-get; then
        stop "missing: $*  (the names are Debian's)" "  hint: install what your system calls these, then run this again"
    elif [ "$(id -u)" != 0 ]; then
        stop "missing: $*" "  hint: sudo apt-get update && sudo apt-get install --no-install-recommends $*"
    fi
    say "  installs system packages: $*"
    options+=(-qq -o DPkg::Lock::Timeout=600)
    update_lists "${options[@]}"
    DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install -y --no-install-recommends "$@"
}

# debian_mirror SUITE [GIVEN]: the mirror of that suite in this machine's apt configuration, unless GIVEN.
debian_mirror() {
    local mirror=${2-}
    [ -n "$mirror" ] || mirror=$(apt-get update --print-uris | sed -n "s|^'\(.*\)/dists/$1/InRelease' .*|\1|p" | sed -n 1p)
    [ -n "$mirror" ] || stop "no mirror of Debian's suite $1 in this machine's apt configuration" \
        "  hint: this step needs a Debian 12 (bookworm) machine, or DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR in the environment"
    echo "$mirror"
}

# Mirrors have every suite, so this machine's mirror serves for all.
debian_main() { debian_mirror "$(os_field VERSION_CODENAME)" "${DEBIAN_MIRROR-}"; }
debian_security() { debian_mirror "$(os_field VERSION_CODENAME)-security" "${DEBIAN_SECURITY_MIRROR-}"; }

# A working registry responds to this with 200 or 401.
image_registries_answer() {
    local host status
    for host in registry-1.docker.io gcr.io ghcr.io; do
        status=$(curl -sI --max-time 5 -o /dev/null -w '%{http_code}' "https://$host/v2/" || true)
        [[ $status == 200 || $status == 401 ]] || { missing_registry=$host && return 1; }
    done
}

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# separate_apt DIRECTORY SOURCE...: the apt options that work with only these sources ("deb trixie") in DIRECTORY, so that the machine's own stay
# unchanged. Leaves them in the array apt_options.
separate_apt() {
    local directory=$1 source mirror
    shift
    mirror=$(debian_main)
    mkdir -p "$directory/lists/partial" "$directory/archives/partial"
    for source in "$@"; do
        echo "${source% *} [signed-by=$debian_keyring] $mirror ${source#* } main"
    done >"$directory/sources.list"
    printf 'Package: *\nPin: release n=trixie\nPin-Priority: 50\n' >"$directory/preferences"
    apt_options=(-o "Dir::Etc::SourceList=$directory/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::Etc::Preferences=$directory/preferences"
        -o Dir::Etc::PreferencesParts=/dev/null -o "Dir::State::Lists=$directory/lists" -o "Dir::Cache=$directory"
        -o "Dir::Cache::Archives=$directory/archives" -o Acquire::Languages=none -o APT::Sandbox::User=root)
}

# pin NAME: "module version checksum" from tools/versions.
pin() { awk -v name="$1" '$1 == name {print $2, $3, $4}' "$tools/versions"; }

# module_directory NAME: the source of a pinned Go module, downloaded through the Go module proxy and compared with its checksum.
module_directory() {
    local module version checksum download got
    read -r module version checksum <<<"$(pin "$1")"
    download=$(cd / && go mod download -json "$module@$version") || stop "$module@$version could not be downloaded:" "$download"
    got=$(sed -n 's/.*"Sum": "\(.*\)".*/\1/p' <<<"$download")
    [ "$got" = "$checksum" ] || stop "$module@$version is not what tools/versions expects: $got instead of $checksum" \
        "  hint: a published version was changed; do not use it before you know why"
    sed -n 's/.*"Dir": "\(.*\)".*/\1/p' <<<"$download"
}

# go_build TREE PACKAGE OUTPUT [LINKER-FLAGS]: a static program, with exactly the dependencies its go.sum names. The linker drops debug
# information (-w), so the compiler need not write it; GOGC is for the compiler, which has memory enough. Together they save a sixth of the time.
go_build() {
    (cd "$1" && CGO_ENABLED=0 GOTOOLCHAIN=auto GOGC=400 GOFLAGS='-mod=readonly -buildvcs=false' \
        nice go build -gcflags=all=-dwarf=false -ldflags "-s -w ${4-}" -o "$3" "$2")
}
