#!/usr/bin/env bash
# Prints the first Python on PATH that is 3.10 or newer, which lambda_nb needs. It must also be able
# to make virtual environments. If it cannot, the script installs python3-venv (as root on Debian)
# or says what to install.
set -euo pipefail

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; }
can_make_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }
is_debian_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
        if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

if ! python=$(find_python); then
    found=$(command -v python3 >/dev/null && python3 --version || echo "no python3")
    echo "lambda_nb needs Python 3.10 or newer on PATH; found $found." >&2
    echo "Install one, or name it: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi
if ! can_make_venv "$python"; then
    if is_debian_root; then
        echo "Installing python3-venv with apt ..." >&2
        apt-get update -qq >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    fi
    if ! can_make_venv "$python"; then
        echo "$python cannot make virtual environments. On Debian: apt-get install python3-venv" >&2
        exit 1
    fi
fi
echo "$python"
