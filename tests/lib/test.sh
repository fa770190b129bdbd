#!/bin/sh
# SPDX-License-Identifier: ISC
#
# test.sh MAKE BUILD: the three parts of "make test", each to its end, and one
# line for all.  A part whose last line is no "N passed, N failed", that ran
# nothing, or that failed without saying what, counts as one failure more.

set -u
make=$1
logs=$2/test
mkdir -p "$logs"
passed=0
failed=0

# part NAME COMMAND...
part() {
	name=$1
	shift
	echo "== $name"
	{
		"$@" 2>&1
		echo $? >"$logs/$name.rc"
	} | tee "$logs/$name.log"
	rc=$(cat "$logs/$name.rc")
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$logs/$name.log" |
		tail -n 1)
	p=${line%% *}
	f=${line#*, }
	f=${f%% *}
	if [ -z "$line" ] || [ $((p + f)) -eq 0 ]; then
		echo "$name: no result (exit $rc)"
		p=0 f=1
	elif [ "$rc" -ne 0 ] && [ "$f" -eq 0 ]; then
		echo "$name: exit $rc"
		f=1
	fi
	passed=$((passed + p))
	failed=$((failed + f))
}

part check "$make" check
part check-asan "$make" MODE=asan check
part live python3 tests/live/run.py

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
