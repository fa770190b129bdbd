#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Runs test programs, shows one line for each and the output of those that
# failed, and adds "passed failed what" to a file of counts.
#
#   run.sh COUNTS unit PROGRAM...            cmocka programs
#   run.sh COUNTS replay PROGRAM SCRIPT...   one run a script, exit 0 is good
#   run.sh COUNTS sim PROGRAM FROM N         N seeds, each counts
#   run.sh COUNTS fuzz PROGRAM...            over the corpus tests/fuzz/NAME/
#   run.sh COUNTS watchlists PROGRAM DIR     "check" accepts every list in DIR
#   run.sh COUNTS total                      "N passed, N failed" of all
#
# Returns 1 if anything failed, or if there was nothing to run: a program
# without a test has failed.  Programs and scripts run as many at once as there
# are processors (TEST_JOBS=n), each line as one ends.

set -u
counts=$1
what=$2
shift 2
# Who hangs, not who is slow: under ASan on a busy machine some take minutes.
limit=${TEST_TIMEOUT:-600} # seconds a program
jobs=${TEST_JOBS:-$(nproc)}
bad=0
out=$(mktemp) || exit 1
trap 'rm -f "$out" "$out.yaml"' EXIT
trap 'exit 130' INT TERM

# together FIRST... -- EACH...: this script with FIRST and one of EACH, several
# at once; what one prints stays together.
together() {
	first=$1
	shift
	if [ "$1" != -- ]; then
		first="$first $1"
		shift
	fi
	shift
	# shellcheck disable=SC2016,SC2086
	printf '%s\0' "$@" | xargs -0 -n 1 -P "$jobs" sh -c '
		all=$(mktemp) || exit 1
		sh "$@" >"$all" 2>&1
		rc=$?
		flock "$2" cat "$all"
		rm -f "$all"
		exit "$rc"' sh "$0" "$counts" $first || bad=1
}

# note NAME PASSED FAILED REMARK
note() {
	echo "$2 $3 $what/$1" >>"$counts"
	if [ "$3" -eq 0 ]; then
		printf '  ok    %4d  %s %s\n' "$2" "$what/$1" "$4"
	else
		printf '  FAIL  %4d  %s %s(%d failed)\n' "$2" "$what/$1" "$4" "$3"
		bad=1
	fi
}

# Counts the TAP of cmocka, by plan and by line: what the plan promised and no
# line reports died with the program.  "not ok 3 # SKIP x" is no result.
tap_counts() {
	awk '
	/^1\.\.[0-9]+/ { split($0, p, /\.\./); plan += p[2] }
	/^not ok [0-9]+ # SKIP/ { skipped++; next }
	/^ok [0-9]+/ { passed++; next }
	/^not ok [0-9]+/ { failed++; next }
	/^# not ok/ && !/ - tests$/ { group++ }
	END {
		died = plan - passed - failed - skipped
		if (died > 0) failed += died
		if (failed == 0 && group > 0) failed = group
		print passed + 0, failed + 0, skipped + 0
	}' "$out"
}

run_unit() {
	name=$(basename "$1")
	CMOCKA_MESSAGE_OUTPUT=tap timeout "$limit" "$1" >"$out" 2>&1
	rc=$?
	# shellcheck disable=SC2046
	set -- $(tap_counts)
	passed=$1 failed=$2 remark=
	[ "$3" -eq 0 ] || remark="$3 skipped "
	if [ "$failed" -eq 0 ] && [ "$rc" -ne 0 ]; then
		failed=1 remark="${remark}exit $rc "
	elif [ "$failed" -eq 0 ] && [ "$passed" -eq 0 ]; then
		failed=1 remark="${remark}ran no test "
	fi
	[ "$failed" -eq 0 ] || grep -v '^ok [0-9]' "$out" | tail -n 60
	note "$name" "$passed" "$failed" "$remark"
}

# run_one NAME COMMAND...: passes when the command does.
run_one() {
	name=$1
	shift
	if timeout "$limit" "$@" >"$out" 2>&1; then
		note "$name" 1 0 ''
	else
		rc=$?
		tail -n 60 "$out"
		note "$name" 0 1 "exit $rc "
	fi
}

run_fuzz() {
	name=$(basename "$1")
	name=${name#fuzz_}
	timeout "$limit" "$1" "tests/fuzz/$name" >"$out" 2>&1
	rc=$?
	passed=$(awk '/^replayed [0-9]+ inputs$/ { print $2 }' "$out")
	if [ "$rc" -eq 0 ] && [ "${passed:-0}" -gt 0 ]; then
		note "$name" "$passed" 0 ''
		return
	fi
	tail -n 60 "$out"
	note "$name" 0 1 "exit $rc, ${passed:-no} inputs "
}

run_sim() {
	timeout "$limit" "$@" >"$out" 2>&1
	rc=$?
	passed=$(awk '/^[0-9]+ seeds, 0 failed/ { print $1 }' "$out")
	if [ "$rc" -eq 0 ] && [ "${passed:-0}" -gt 0 ]; then
		note seeds "$passed" 0 ''
		return
	fi
	tail -n 60 "$out"
	note seeds 0 1 "exit $rc "
}

# Each list alone, so that the failing one is named.
run_watchlists() {
	program=$1
	dir=$(cd "$2" && pwd) || exit 1
	n=0
	for file in "$dir"/*.yaml "$dir"/*.yml "$dir"/*.csv "$dir"/*.txt; do
		[ -f "$file" ] || continue
		n=$((n + 1))
		cat >"$out.yaml" <<-END
			database: postgresql:///dnsvigil
			resolvers: [127.0.0.1]
			watchlists: ["$file"]
		END
		run_one "$(basename "$file")" "$program" check \
		    --config "$out.yaml"
	done
	[ "$n" -gt 0 ] || note none 0 1 'no list '
}

total() {
	awk '{ passed += $1; failed += $2 }
	END {
		printf "%d passed, %d failed\n", passed, failed
		exit !(passed > 0 && failed == 0)
	}' "$counts"
}

case $what in
total)
	touch "$counts"
	total
	exit
	;;
watchlists)
	run_watchlists "$@"
	;;
replay)
	if [ $# -gt 2 ]; then
		program=$1
		shift
		together replay "$program" -- "$@"
	else
		run_one "$(basename "$2" .play)" "$1" "$2"
	fi
	;;
sim)
	run_sim "$@"
	;;
unit | fuzz)
	if [ $# -gt 1 ]; then
		together "$what" -- "$@"
	elif [ $# -eq 1 ]; then
		"run_$what" "$1"
	else
		note none 0 1 'no program '
	fi
	;;
*)
	echo "run.sh: what is $what?" >&2
	exit 1
	;;
esac
exit $bad
