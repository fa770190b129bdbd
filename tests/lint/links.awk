# SPDX-License-Identifier: ISC
# From layers.txt: for each room one word "room:room,below,lower", with all
# that it may reach, highest first - the order in which a linker needs them.
{
	sub(/#.*/, "")
	sub(/\|.*/, "")
	if ($0 !~ /:/)
		next
	n = split($0, word, /[ \t:]+/)
	room = word[1]
	order[++rooms] = room
	reach[room, room] = 1
	for (i = 2; i <= n; i++)
		for (j = 1; j < rooms; j++)
			if (word[i] != "" && (word[i], order[j]) in reach)
				reach[room, order[j]] = 1
	line = room ":" room
	for (j = rooms - 1; j > 0; j--)
		if ((room, order[j]) in reach)
			line = line "," order[j]
	print line
}
