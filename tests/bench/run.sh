#!/bin/sh
# Runs every benchmark of a release build (default: build/release) and prints its table. ONPUT_RIE names
# aws-lambda-rie, with which bench_runtime compares; without one it prints onput's own figures.
set -eu
cd "$(dirname "$0")/../.."
bin="${1:-build/release}/bin"
for bench in bench_queue bench_ingest bench_invoke bench_render; do
    printf '\n== %s\n' "$bench"
    case $bench in
    bench_render) "$bin/$bench" fixtures/images/photos ;;
    *) "$bin/$bench" ;;
    esac
done
printf '\n== bench_pipeline\n'
"$bin/bench_pipeline" "$bin/onput" fixtures/images/photos
printf '\n== bench_runtime\n'
rie="${ONPUT_RIE:-$(command -v aws-lambda-rie || true)}"
"$bin/bench_runtime" "$bin/onput" "$(realpath "$bin/bench_noop")" ${rie:+"$rie"}
