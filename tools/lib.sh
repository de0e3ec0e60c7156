# shellcheck shell=bash
# What the steps of the set-up share: where the cache is, how it speaks, how packages and modules are fetched.

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(dirname "$tools")
cache=${PYTHON_IMAGE_ACTION_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/python-image-action}
export CCACHE_DIR=$cache/ccache
# Another clone of the same sources finds in the compiler's cache what this one compiled.
export CCACHE_BASEDIR=$project CCACHE_NOHASHDIR=1
export PATH=$cache/bin:$PATH

# Messages for people; in a step, whose own output goes to a log, they still reach the terminal (see ready).
say() { printf '%s\n' "$@" >&"${terminal:-2}"; }

# Cannot go on: what is wrong, then what to do, one line each.
stop() {
    printf '%s\n' "$@" >&"${terminal:-2}"
    exit 3
}

have() { command -v "$1" >/dev/null; }

# The digest of what is on standard input: files' content, not their names or dates.
digest_of() { sha256sum | cut -c1-16; }

# os_field NAME: one field of /etc/os-release, empty where there is none.
os_field() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}$/\1/p" /etc/os-release 2>/dev/null || true; }

# Which of these Debian packages are not installed; all of them where there is no dpkg.
missing_packages() {
    local package installed
    installed=" $(dpkg-query -Wf '${db:Status-Abbrev}${Package} ' "$@" 2>/dev/null || true)"
    for package in "$@"; do
        [[ $installed == *" ii $package "* || $installed == *" hi $package "* ]] || echo "$package"
    done
}

# update_lists APT-OPTION...: apt's lists of packages. It waits for another apt where packages are installed, but not here.
update_lists() {
    local said tries=0
    until said=$(LC_ALL=C apt-get "$@" update 2>&1); do
        if [[ $said != *"Could not get lock"* ]] || [ $((tries += 1)) -gt 120 ]; then
            echo "$said" && return 1
        fi
        sleep 5
    done
    echo "$said"
}

# install_packages APT-OPTION... -- PACKAGE...: as root on Debian or Ubuntu; anywhere else says what is missing and stops.
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

# debian_mirror SUITE [GIVEN]: where this machine's own apt takes that suite of Debian from, unless another place is given.
debian_mirror() {
    local mirror=${2-}
    [ -n "$mirror" ] || mirror=$(apt-get update --print-uris | sed -n "s|^'\(.*\)/dists/$1/InRelease' .*|\1|p" | head -n 1)
    [ -n "$mirror" ] || stop "no mirror of Debian's suite $1 in this machine's apt configuration" \
        "  hint: this step needs a Debian 12 (bookworm) machine, or DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR in the environment"
    echo "$mirror"
}

# The mirrors hold every suite, so the one of this machine's own serves for all.
debian_main() { debian_mirror "$(os_field VERSION_CODENAME)" "${DEBIAN_MIRROR-}"; }
debian_security() { debian_mirror "$(os_field VERSION_CODENAME)-security" "${DEBIAN_SECURITY_MIRROR-}"; }

# A registry that answers at all says 200 or 401 to this.
image_registries_answer() {
    local host status
    for host in registry-1.docker.io gcr.io ghcr.io; do
        status=$(curl -sI --max-time 5 -o /dev/null -w '%{http_code}' "https://$host/v2/" || true)
        [[ $status == 200 || $status == 401 ]] || { missing_registry=$host && return 1; }
    done
}

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# separate_apt DIRECTORY SOURCE...: the apt options that work with only these sources ("deb trixie") in DIRECTORY, so that the machine's own are left as
# they are. Leaves them in the array apt_options.
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

# module_directory NAME: the source of a pinned Go module, downloaded through the Go module proxy and held against its checksum.
module_directory() {
    local module version checksum answer got
    read -r module version checksum <<<"$(pin "$1")"
    answer=$(cd / && go mod download -json "$module@$version") || stop "$module@$version could not be downloaded:" "$answer"
    got=$(sed -n 's/.*"Sum": "\(.*\)".*/\1/p' <<<"$answer")
    [ "$got" = "$checksum" ] || stop "$module@$version is not what tools/versions expects: $got instead of $checksum" \
        "  hint: a published version was changed; do not use it before you know why"
    sed -n 's/.*"Dir": "\(.*\)".*/\1/p' <<<"$answer"
}

# go_build TREE PACKAGE OUTPUT [LINKER-FLAGS]: a static program, with exactly the dependencies its go.sum names.
go_build() {
    (cd "$1" && CGO_ENABLED=0 GOTOOLCHAIN=auto GOFLAGS='-mod=readonly -buildvcs=false' nice go build -ldflags "-s -w ${4-}" -o "$3" "$2")
}
