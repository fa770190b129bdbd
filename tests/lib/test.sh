#!/bin/sh
# SPDX-License-Identifier: ISC
#
# test.sh MAKE BUILD: the three parts of "make test", each to its end, and one
# line for all.  A part whose last line is no "N passed, N failed", that ran
# nothing, or that failed without saying what, counts as one failure more.
#
# Live tests wait more than they work: what needs the processors runs beside
# them, at lower priority, and they are shown when that is done.

set -u
make=$1
logs=$2/test
mkdir -p "$logs"
passed=0
failed=0

# What came of a part that was run.
sum() {
	name=$1
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

# part NAME COMMAND...
part() {
	part=$1
	shift
	echo "== $part"
	{
		"$@" 2>&1
		echo $? >"$logs/$part.rc"
	} | tee "$logs/$part.log"
	sum "$part"
}

part check "$make" check
# Some live tests take the daemon of this build.
"$make" MODE=asan all || failed=$((failed + 1))
python3 tests/live/run.py >"$logs/live.log" 2>&1 &
live=$!
trap 'kill "$live"; wait; exit 130' INT TERM
part check-asan nice -n 5 "$make" MODE=asan check
echo "== live"
wait "$live"
echo $? >"$logs/live.rc"
cat "$logs/live.log"
sum live

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
