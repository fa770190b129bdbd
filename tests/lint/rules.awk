# SPDX-License-Identifier: ISC
# Is each rule of rules.txt named by the tests that are said to show it?
#
#   awk -f rules.awk rules.txt FILE...
#
# Only what a test says of itself counts: the name of a test function, the
# title of a story, the first line of a case, the docstring of a live test.  In
# names of functions L-D5 is LD5, and S-F1 is s_f1.

function fail(what) {
	print what
	bad = 1
}

function claim(text, word, n, i) {
	gsub(/[^A-Za-z0-9-]+/, " ", text)
	n = split(text, word, " ")
	for (i = 1; i <= n; i++) {
		if (word[i] ~ /^LD[0-9]$/)
			word[i] = "L-D" substr(word[i], 3)
		if (word[i] == "s" && word[i + 1] ~ /^f[0-9]+$/)
			word[i] = "S-F" substr(word[i + 1], 2)
		named[word[i], FILENAME] = 1
	}
}

FNR == NR {
	sub(/#.*/, "")
	if (NF == 0)
		next
	if ($1 in files)
		fail(FILENAME ":" FNR ": " $1 " stands twice")
	if (NF == 1)
		fail(FILENAME ":" FNR ": " $1 " has no test")
	rules[++n_rules] = $1
	files[$1] = $0
	next
}
FNR == 1 {
	seen[FILENAME] = 1
	doc = 0
}
FILENAME ~ /\.c$/ && /^test_[A-Za-z0-9_]+\(/ {
	sub(/\(.*/, "")
	gsub(/_/, " ")
	claim($0)
}
FILENAME ~ /\.play$/ && $1 == "title" { claim($0) }
FILENAME ~ /\.case$/ && $1 == "case" { claim($0) }
FILENAME ~ /\.py$/ {
	if (doc == 1 && /^ *"""/) {
		doc = 2
		sub(/"""/, "")
	} else if (doc == 1 && !/^ *def / && /\):$/) {
		next # the second line of its arguments
	} else if (doc == 1) {
		doc = 0
	}
	if (doc == 2) {
		claim($0)
		if (/"""/)
			doc = 0
	}
	if (/^ *def test_/) {
		doc = 1
		text = $0
		gsub(/_/, " ", text)
		claim(text)
	}
}
END {
	for (i = 1; i <= n_rules; i++) {
		n = split(files[rules[i]], word, " ")
		for (k = 2; k <= n; k++) {
			if (!(word[k] in seen))
				fail("rules.txt: " rules[i] ": no " word[k])
			else if (!((rules[i], word[k]) in named))
				fail("rules.txt: no test in " word[k] \
				    " names " rules[i])
		}
	}
	if (n_rules == 0)
		fail("rules.txt: no rule")
	exit bad
}
