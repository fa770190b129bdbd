# SPDX-License-Identifier: ISC
# For each test file with "room: x" in its first three lines: "name:x".
FNR <= 3 && match($0, /room: *[a-z]+/) {
	room = substr($0, RSTART, RLENGTH)
	sub(/room: */, "", room)
	n = split(FILENAME, part, "/")
	name = part[n]
	sub(/\.c$/, "", name)
	print name ":" room
}
