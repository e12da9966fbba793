#!/bin/sh
# run.sh PROGRAM FOLDER: runs a libFuzzer program on a copy of the files below FOLDER for
# ONPUT_FUZZ_SECONDS (20) with inputs of at most ONPUT_FUZZ_MAX_LEN (65536) bytes. What makes it fail
# is kept in ONPUT_FUZZ_ARTIFACTS (the current folder).
set -eu

program=$1
folder=$2
artifacts=${ONPUT_FUZZ_ARTIFACTS:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/corpus"

find "$folder" -type f | {
    count=0
    while IFS= read -r file; do
        count=$((count + 1))
        cp -- "$file" "$work/corpus/$count"
    done
    echo "$count" > "$work/count"
}
count=$(cat "$work/count")
if [ "$count" -eq 0 ]; then
    echo "$folder holds no file" >&2
    exit 1
fi

status=0
"$program" -max_total_time="${ONPUT_FUZZ_SECONDS:-20}" -max_len="${ONPUT_FUZZ_MAX_LEN:-65536}" \
    -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$artifacts/" \
    "$work/corpus" > "$work/log" 2>&1 || status=$?
if [ "$status" -ne 0 ]; then
    tail -n 60 "$work/log"
    echo "$(basename "$program"): failed with status $status"
    exit "$status"
fi
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
grown=$(find "$work/corpus" -type f | wc -l)
echo "$(basename "$program"): $runs runs, corpus of $count files grew to $grown, nothing found"
