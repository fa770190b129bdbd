# SPDX-License-Identifier: ISC
#
# Holds the #include lines of the daemon against layers.txt.
#
#   awk -f layers.awk layers.txt FILE...
#
# A room includes itself, the rooms of its line, and the libraries that no
# other room's line names.  A room may only name rooms of earlier lines, so
# that a cycle cannot be written.  The files are read as text: an include that
# is switched off by #if counts too.

function bad(place, text) {
	print place ": " text
	failed = 1
}

# "room: below lower | library/ header.h"
function read_rule(line,    half, word, n, i, room) {
	sub(/#.*/, "", line)
	if (line ~ /^[ \t]*$/)
		return
	n = split(line, half, "|")
	if (half[1] !~ /^[a-z]+:/) {
		bad(FILENAME ":" FNR, "not \"room: rooms | libraries\"")
		return
	}
	room = half[1]
	sub(/:.*/, "", room)
	sub(/^[a-z]+:/, "", half[1])
	known[room] = 1
	may[room, room] = 1
	split("", word)
	for (i = split(half[1], word, " "); i > 0; i--) {
		if (!(word[i] in known) || word[i] == room)
			bad(FILENAME ":" FNR, room " names " word[i] ", which is not below it")
		may[room, word[i]] = 1
	}
	if (n < 2)
		return
	for (i = split(half[2], word, " "); i > 0; i--)
		owners[word[i]] = owners[word[i]] " " room " "
}

function check_library(place, name,    l) {
	for (l in owners)
		if (index(name, l) == 1 && index(owners[l], " " room " ") == 0)
			bad(place, "<" name "> belongs to" owners[l] "and not to " room)
}

# A name without a folder is a private header, found only beside its user.
function check_own(place, name,    part, n) {
	n = split(name, part, "/")
	if (name ~ /\.\./ || n > 2)
		bad(place, "include is not \"room/file.h\": " name)
	else if (n == 2 && !((room, part[1]) in may))
		bad(place, room " may not include " name)
}

FILENAME == ARGV[1] {
	read_rule($0)
	next
}

FNR == 1 {
	depth = split(FILENAME, path, "/")
	room = depth > 2 ? path[2] : "main"
	if (!(room in known))
		bad(FILENAME, "its room " room " is not in layers.txt")
}

/^[ \t]*#[ \t]*include[ \t]*["<]/ {
	split($0, piece, /["<>]/)
	if (index($0, "\"") > 0)
		check_own(FILENAME ":" FNR, piece[2])
	else
		check_library(FILENAME ":" FNR, piece[2])
}

END {
	exit failed
}
