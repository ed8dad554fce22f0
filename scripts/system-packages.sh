#!/usr/bin/env bash
# Installs programs that some tests need beside Python: language runtimes, a browser, a sandbox.
# It installs missing programs only as root on Debian. Elsewhere it lists them. pytest then skips
# the tests that need them, and its summary says why.
#
# usage: scripts/system-packages.sh [--check]     --check installs nothing; exit status 0: all are there
set -euo pipefail

# command            Debian package                needed for
programs=(
    "node            nodejs                        Node.js functions"
    "npm             npm                           AWS's SDK for JavaScript as a client"
    "g++             g++                           AWS's runtime client for Node.js, which npm builds"
    "cmake           cmake                         the same"
    "autoreconf      autoconf                      the same"
    "automake        automake                      the same"
    "libtoolize      libtool                       the same"
    "ruby            ruby                          Ruby functions"
    "bundle          ruby-bundler                  Gemfiles of Ruby cells"
    "go              golang-go                     Go functions"
    "javac           default-jdk-headless          Java functions"
    "chromium        chromium                      browser tests of the notebooks"
    "bwrap           bubblewrap                    isolation level L2 of environments"
    "mosquitto       mosquitto                     another MQTT broker"
    "mosquitto_pub   mosquitto-clients             its clients"
    "git             git                           what Binder takes along: the files under version control"
)

missing=() packages=()
for row in "${programs[@]}"; do
    read -r command package purpose <<<"$row"
    if ! command -v "$command" >/dev/null; then
        missing+=("$command ($package): $purpose")
        packages+=("$package")
    fi
done
if [ ${#packages[@]} = 0 ]; then
    exit 0
fi
if [ "${1:-}" = --check ]; then
    exit 1
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    case " ${packages[*]} " in *" chromium "*) packages+=(fonts-dejavu-core) ;; esac
    echo "Installing system packages for the tests: ${packages[*]}"
    apt-get update -qq
    if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null; then
        exit 0
    fi
    echo "apt-get failed; going on without. The tests that need these are SKIPPED:"
else
    echo "Not root on Debian, so nothing is installed. Missing; the tests that need these are SKIPPED:"
fi
printf '  - %s\n' "${missing[@]}"
