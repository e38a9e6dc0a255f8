#!/bin/sh
# Installs the Debian packages of the given sets that are missing. Quiet when none is.
# usage: deps.sh build|test|lint...
set -eu
build="gcc make pkg-config protobuf-c-compiler protobuf-compiler libmicrohttpd-dev libjansson-dev
        libopenblas-dev libsqlite3-dev libprotobuf-c-dev libdnnl-dev libsystemd-dev libsnappy-dev zlib1g-dev
        libpcre2-dev libgnutls28-dev libarchive-dev libjpeg-dev libpng-dev libgif-dev libicu-dev
        libcurl4-openssl-dev curl ca-certificates python3 python3-yaml"
test="libcriterion-dev lmdb-utils jq"
lint="clang clang-format clang-tidy shellcheck systemd git"
wanted=
for set; do
        case $set in
        build) wanted="$wanted $build" ;;
        test) wanted="$wanted $test" ;;
        lint) wanted="$wanted $lint" ;;
        *) echo "deps.sh: no set $set" >&2 && exit 2 ;;
        esac
done
missing=
for p in $wanted; do
        case "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)" in
        installed) ;;
        *) missing="$missing $p" ;;
        esac
done
[ -n "$missing" ] || exit 0
echo "installing:$missing"
if [ "$(id -u)" = 0 ]; then
        as_root=
elif command -v sudo >/dev/null; then
        as_root=sudo
else
        echo "not root and no sudo; please install:$missing" >&2
        exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -q update
# shellcheck disable=SC2086 # a list of package names
$as_root apt-get -q install -y --no-install-recommends $missing
