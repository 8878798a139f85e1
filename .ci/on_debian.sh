#!/usr/bin/env bash
# on_debian.sh RELEASE COMMAND...: `./run COMMAND...` of this checkout on another release of Debian, in a system of its
# own that debootstrap makes from the mirror which the machine's own apt has. It lies in build/RELEASE, or in
# $NODESPAN_CHROOTS/RELEASE, and is kept for the next call, with what was built there.
# The checkout is read-only in it. It has a /dev/shm, a network, a hostname and processes of its own, and the
# machine's network only while packages are installed.
# Exit code 77, and one line, where that cannot be.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
skip() {
    echo "skipped: $1" >&2
    exit 77
}
if [ $# -lt 2 ] || [[ ! $1 =~ ^[a-z]+$ ]]; then
    echo 'run: ./run on takes a release of Debian and a command, as in "./run on trixie test quick"' >&2
    exit 2
fi
release=$1
shift
[ "$(id -u)" = 0 ] || skip "another Debian needs root, to make a system of it"
unshare --mount --net --uts --ipc --pid --fork true 2>/dev/null || skip "namespaces are not allowed here"
command -v debootstrap >/dev/null || skip "needs debootstrap (package debootstrap)"
command -v apt-get >/dev/null || skip "needs apt, which knows a mirror of Debian"

chroots=${NODESPAN_CHROOTS:-$PWD/build}
mkdir -p "$chroots" 2>/dev/null || skip "cannot write into $chroots"
root=$chroots/$release
exec 8>>"$root.lock"
flock 8

# What the machine's apt goes by.
apt_setting() {
    local value=""
    eval "$(apt-config shell value "$1")"
    echo "$value"
}
http_proxy=${http_proxy:-$(apt_setting Acquire::http::Proxy)}
https_proxy=${https_proxy:-$(apt_setting Acquire::https::Proxy)}
[ "$http_proxy" != DIRECT ] || http_proxy=""
export http_proxy https_proxy
# The first of its repositories that has the release.
mirror() {
    local uri file
    file=$(mktemp)
    for uri in $(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sort -u); do
        timeout 60 /usr/lib/apt/apt-helper download-file "${uri%/}/dists/$release/Release" "$file" >/dev/null 2>&1 ||
            continue
        grep -q "^Codename: $release$" "$file" && grep -q '^Label: Debian$' "$file" || continue
        rm -f "$file"
        echo "${uri%/}"
        return
    done
    rm -f "$file"
    return 1
}

if [ ! -e "$root/etc/debian_version" ]; then
    from=$(mirror) || skip "no repository of this machine's apt has Debian's $release, or answers"
    say "Making a system of Debian $release in $root"
    rm -rf --one-file-system "$root.part"
    if ! debootstrap --variant=minbase "$release" "$root.part" "$from" >"$root.log" 2>&1; then
        rm -rf --one-file-system "$root.part"
        skip "debootstrap failed: $(tail -n 1 "$root.log")"
    fi
    printf '#!/bin/sh\nexit 101\n' >"$root.part/usr/sbin/policy-rc.d" # no package starts a daemon
    chmod +x "$root.part/usr/sbin/policy-rc.d"
    echo "127.0.0.1 localhost $release" >"$root.part/etc/hosts"
    mkdir "$root.part/nodespan" "$root.part/built"
    mv "$root.part" "$root"
fi
cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true

# Where the command builds: what its folder is called here, an empty one says that it is another's there.
folder=build
[[ $1 != @(asan|mpich) ]] || folder=build-$1
mkdir -p "$folder" "$root/built/$folder"

# in_it NAMESPACES... -- COMMAND...: runs it there, with mounts that end with it.
in_it() {
    local namespaces=() lo=as_it_is
    while [ "$1" != -- ]; do namespaces+=("$1") && shift; done
    shift
    [[ " ${namespaces[*]} " != *" --net "* ]] || lo=up
    unshare --mount --propagation private "${namespaces[@]}" bash -euc '
        root=$1 folder=$2 lo=$3
        shift 3
        mount --bind "$root" "$root"
        mount --bind "$PWD" "$root/nodespan"
        mount -o remount,bind,ro "$root/nodespan"
        mount --bind "$root/built/$folder" "$root/nodespan/$folder"
        mount -t proc proc "$root/proc"
        mount --rbind /sys "$root/sys"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
        [ "$lo" = as_it_is ] || ip link set lo up
        cd "$root"
        pivot_root . mnt # a mere chroot is left by who enters a namespace that was made in it
        umount -l /mnt
        exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM="${TERM:-dumb}" \
            http_proxy="$http_proxy" https_proxy="$https_proxy" \
            bash -c "cd /nodespan && exec \"\$@\"" - "$@"' - "$root" "$folder" "$lo" "$@"
}
in_it -- ./run packages "$@" || skip "what ./run $1 needs cannot be installed there"
flock -u 8
in_it --net --uts --ipc --pid --fork --kill-child -- \
    bash -c 'hostname "$0" && exec ./run "$@"' "$release" "$@"
