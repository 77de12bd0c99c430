#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Install the Debian packages that a task needs and this machine lacks.
#   packaging/deps.sh build|test|demo|bench...
set -eu

build="gcc g++ cmake ninja-build pkg-config libssl-dev libcurl4-openssl-dev libjansson-dev libsqlite3-dev
       libidn2-dev libpsl-dev libexpat1-dev libyaml-dev mandoc"
demo="nginx-light openssl curl ca-certificates"
test="clang clang-format clang-tidy libclang-rt-dev cppcheck libcmocka-dev shellcheck
      nodejs python3 python3-cryptography python3-jsonschema python3-yaml aapt libxml2-utils libplist-utils
      gnutls-bin wget ldnsutils stubby chromium tinyproxy microsocks golang-go black python3-urllib3
      default-jdk-headless libokhttp-java kotlin
      libcurl3-gnutls bash-completion fish zsh util-linux xz-utils"
bench="default-jdk-headless libokhttp-java valgrind"

wanted=""
for task in "$@"; do
    case $task in
    build) wanted="$wanted $build" ;;
    demo) wanted="$wanted $demo" ;;
    test) wanted="$wanted $test" ;;
    bench) wanted="$wanted $bench" ;;
    *) echo "deps.sh: no such task: $task" >&2; exit 2 ;;
    esac
done

missing=""
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "deps.sh: please install as root:$missing" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update >&2
# A service that a package starts is of no use to us and would take its port.
# shellcheck disable=SC2086 # a list of packages
$as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y --no-install-recommends install $missing >/dev/null
