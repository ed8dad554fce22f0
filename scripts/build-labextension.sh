#!/usr/bin/env bash
# Rebuilds labextension/prebuilt from its TypeScript. Needs Node.js. Packages come from the registry
# in npm's configuration, so that no file contains a host name.
set -euo pipefail
cd "$(dirname "$0")/../labextension"

if ! command -v node >/dev/null; then
    echo "Building the JupyterLab extension needs Node.js (Debian: apt-get install nodejs npm)." >&2
    exit 1
fi
YARN_NPM_REGISTRY_SERVER=$(npm config get registry 2>/dev/null)
export YARN_NPM_REGISTRY_SERVER
echo "Installing the build's packages (two minutes the first time) ..."
jlpm install --immutable >/dev/null
jlpm check
rm -rf lib
jlpm build
