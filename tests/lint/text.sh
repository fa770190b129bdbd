#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What can be seen in the text of the tree: lengths, words, licence lines, and
# paths of the machine on which it was written.  Names every place, returns 1
# if there is one.

set -u
lines_max=800
bad=0

# The files that are tracked or will be; all of a tarball.
files() {
	{
		git ls-files -co --exclude-standard 2>/dev/null ||
			find . -type f -not -path './build/*' \
				-not -path './var/*' | sed 's|^\./||'
	} | xargs -r ls -d 2>/dev/null # without what is deleted but tracked
}

fail() {
	printf '%s\n' "$1"
	bad=1
}

sources=$(files | grep -E '^(daemon|include)/.*\.[ch]$')
code=$(files | grep -E '\.(c|h|sql|py|sh|awk)$|^Makefile$|^\.ci/run$')

for file in $sources $(files | grep -E '^tests/.*\.(c|h|py|sh)$'); do
	n=$(wc -l <"$file")
	[ "$n" -le $lines_max ] || fail "$file: $n lines, more than $lines_max"
done

for file in $code; do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: ISC' ||
		fail "$file: no SPDX line in its first three"
done

# shellcheck disable=SC2086
[ -z "$sources" ] ||
	awk -f tests/lint/words.awk tests/lint/words.txt $sources || bad=1

# Of two Python modules of one name the second is never imported.
twice=$(files | grep -E '^tests/.*\.py$' | sed 's|.*/||' | sort | uniq -d)
[ -z "$twice" ] || fail "more than one Python module is called: $twice"

# The brackets keep this file from finding itself.
paths='(^|[^A-Za-z0-9_.])/(wor[k]|far[m])/|/tmp/bas[h]|bash_job[s]'
found=$(files | while read -r file; do
	grep -nHIE "$paths" "$file"
done)
[ -z "$found" ] || fail "$found
paths of one machine, in the lines above"

exit $bad
