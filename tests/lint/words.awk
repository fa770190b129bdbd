# SPDX-License-Identifier: ISC
#
# Finds the words of words.txt, and SQL that is put together from strings.
#
#   awk -f words.awk words.txt FILE...

function bad(text) {
	print FILENAME ":" FNR ": " text
	failed = 1
}

function is_part(c) {
	return c ~ /[A-Za-z0-9_]/
}

# Whether line holds word, not as a part of a longer one.
function has_word(line, word,    at, skipped, before, after) {
	while ((at = index(line, word)) > 0) {
		before = at == 1 ? "" : substr(line, at - 1, 1)
		after = substr(line, at + length(word), 1)
		if (!is_part(before) && (word ~ /\($/ || !is_part(after)))
			return 1
		line = substr(line, at + 1)
		if (is_part(before = substr(word, 1, 1)))
			line = "_" line
		if (++skipped > 100)
			return 0
	}
	return 0
}

FILENAME == ARGV[1] {
	if ($0 ~ /^#/ || NF == 0)
		next
	why[$1] = $0
	sub(/^[^ \t]+[ \t]+/, "", why[$1])
	next
}

FNR == 1 {
	statement = ""
}

{
	for (w in why)
		if (has_word($0, w))
			bad(w " - " why[w])
}

# From the name of a function that puts text together to the semicolon, over
# lines.
statement != "" || match($0, /(printf|buf_add_text) *\(/) {
	statement = statement (statement == "" ? substr($0, RSTART) : $0)
	if (statement !~ /;/)
		next
	if (tolower(statement) ~ /"[ (]*(select |insert into |update |delete from )/)
		bad("SQL from a format; statements are fixed text in the store")
	statement = ""
}

END {
	exit failed
}
