#!/bin/sh
# Runs every fuzz target of the SDK, the gateway and the plugins for FUZZTIME, two at a time, shows those that fail and
# goes on with the others.
set -eu
cd "$(dirname "$0")/.."
export GO="${GO:-go}" FUZZTIME="${FUZZTIME:-10s}"
failed=0
# shellcheck disable=SC2016 # expanded by the inner shell
for module in pkg gateway extensions; do
  (
    cd "$module"
    grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's|/[^/]*:func | |' | grep -v '^./internal/pretty ' | sort -u |
      xargs -P 2 -L 1 sh -c '
        if out=$($GO test "$0" -run "^\$" -fuzz "^$1\$" -fuzztime "$FUZZTIME" -parallel 1 2>&1); then
          echo "ok    $0 $1"
        elif ! echo "$out" | grep -q "Failing input written\|failure while testing" && echo "$out" | grep -q "context deadline exceeded"; then
          echo "ok    $0 $1, stopped by the clock" # the fuzzer reports its own end so on a busy machine (golang.org/issue/56238)
        else
          echo "$out"; echo "FAIL  $0 $1"; exit 1
        fi'
  ) || failed=1
done
# A module of its own, which stands in for another.
(cd extensions/internal/pretty && GOWORK=off $GO test . -run '^$' -fuzz FuzzMalformedInputDoesNotPanic -fuzztime "$FUZZTIME" -parallel 1) || failed=1
exit $failed
