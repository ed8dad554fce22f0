#!/usr/bin/env bash
# Runs the tests in some workers. What fails runs once more, alone; only what fails again fails the run.
#
# usage: scripts/run-tests.sh WORKERS TESTS...
set -euo pipefail
workers=$1
shift
status=0
# Without what earlier runs have left: the second try is for the failures of this run.
python -m pytest -n "$workers" --dist loadgroup --durations=10 --cache-clear "$@" || status=$?
[ "$status" = 1 ] || exit "$status"

printf '\nThe tests that failed beside others, once more, alone:\n'
# A group is part of a test's name, so this needs a worker, too.
python -m pytest -v -n 1 --dist loadgroup --last-failed --last-failed-no-failures none "$@"
if [ "$(<.pytest_cache/v/cache/lastfailed)" != '{}' ]; then
    echo 'Some were not found again; .pytest_cache/v/cache/lastfailed has their names.'
    exit 1
fi
echo 'They passed alone, and depend on the machine: mend them (CONTRIBUTING.md).'
