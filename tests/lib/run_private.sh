#!/bin/sh
# SPDX-License-Identifier: ISC
#
# "make run": dnsvigil over a PostgreSQL of its own, below var/, until Ctrl-C.
#
#   RESOLVERS="127.0.0.1:5300 [::1]:53"   default: those of /etc/resolv.conf
#   WATCHLISTS="mine.yaml more/*.txt"     default: watchlists/*
#   PROGRAM=/path/of/dnsvigil             default: build/dnsvigil
#
# The cluster listens on a socket in its own folder and on nothing else, and
# the next run goes on with its history.  PostgreSQL refuses root, so root
# runs the cluster and dnsvigil as the user postgres; where that user cannot
# reach var/, both live in /var/tmp instead, and are given copies of what
# they read.  Nothing of a PostgreSQL that this machine runs is touched.

set -eu
umask 077

root=$(cd "$(dirname "$0")/../.." && pwd -P)
program=${PROGRAM:-$root/build/dnsvigil}
socket_max=100 # of 107 bytes, with its name
port=5432      # only a part of the socket's name
daemon=
started=

say() {
	echo "run: $*" >&2
}

die() {
	say "$*"
	exit 1
}

# ---- as whom, and with what ----

if [ "$(id -u)" -eq 0 ]; then
	user=postgres
	id "$user" >/dev/null 2>&1 ||
		die "no user $user; is postgresql-15 installed?"
else
	user=$(id -un)
fi
uid=$(id -u "$user")

# as COMMAND...: as that user, with nothing of our environment (PGHOST and
# its kin least of all), and ended when this shell ends, however it ends.
as() {
	if [ "$(id -u)" -eq 0 ]; then
		set -- setpriv --reuid "$user" --regid "$(id -g "$user")" \
			--init-groups "$@"
	fi
	exec env -i PATH=/usr/bin:/bin LANG=C.UTF-8 TERM="${TERM:-dumb}" \
		HOME="$place" "$@"
}

# Is $1 a folder of that user's own and of nobody else's?
is_own() {
	[ ! -L "$1" ] && [ -d "$1" ] &&
		[ "$(stat -c '%u %a' "$1")" = "$uid 700" ]
}

# var/ of the clone, if the user gets there.  Names that would need quotes in
# a configuration, and paths too long for a socket, count as out of reach.
try_var() {
	place=$root/var
	case $place in
	*[!A-Za-z0-9_./@+-]*)
		why='of the characters in its path'
		return 1
		;;
	esac
	why='its path is too long for a socket'
	[ $((${#place} + ${#port} + 12)) -le $socket_max ] || return 1
	why="it is not $user's alone"
	if [ ! -e "$place" ] && [ ! -L "$place" ]; then
		mkdir -m 700 "$place" 2>/dev/null || return 1
		chown -h "$user:" "$place" || return 1
	fi
	is_own "$place" || return 1
	why="$user cannot get there"
	(cd / && as test -w "$place/.") || return 1
}

try_tmp() {
	place=/var/tmp/dnsvigil-$(printf '%s' "$uid:$root" | cksum | cut -d' ' -f1)
	[ -e "$place" ] || [ -L "$place" ] || (
		cd /
		as mkdir -m 700 "$place"
	) || die "$place cannot be made"
	# Anybody may have made it: then it is not taken.
	is_own "$place" || die "$place is not $user's alone; look at it," \
		"remove it and start again"
}

if ! try_var; then
	try_tmp
	say "var/ is no place for it ($why); it is in $place"
fi

# The folder itself is locked: a second run would stop the first one's cluster.
exec 9<"$place"
flock -n 9 || die "another 'make run' of this clone is running"

bin=
for dir in /usr/lib/postgresql/15/bin /usr/lib/postgresql/*/bin; do
	[ -x "$dir/initdb" ] || continue
	[ -n "$bin" ] || bin=$dir
	# What an older run made needs the same version again.
	[ "$(cat "$place/pg/PG_VERSION" 2>/dev/null)" != \
		"$(basename "$(dirname "$dir")")" ] || bin=$dir
done
[ -n "$bin" ] || die "no PostgreSQL below /usr/lib/postgresql"
[ -x "$program" ] || die "no $program; make builds it"

# put FILE: standard input becomes $place/FILE, written as the user, so that
# root follows no link of theirs.
put() {
	(as sh -c 'cat >"$0.new" && mv "$0.new" "$0"' "$place/$1") 9<&-
}

# reach FILE NAME: where the user can read FILE; a copy in NAME if need be.
reach() {
	case $1 in
	*[!A-Za-z0-9_./@+-]*) ;;
	*)
		if (cd / && as test -r "$1") 9<&-; then
			echo "$1"
			return
		fi
		;;
	esac
	(as mkdir -p "$(dirname "$place/copy/$2")") 9<&-
	put "copy/$2" <"$1" || return 1
	[ ! -x "$1" ] || (as chmod 700 "$place/copy/$2") 9<&-
	echo "$place/copy/$2"
}

# ---- stopping ----

# Ctrl-C comes to this shell only, because the daemon is in a session of its
# own: one signal has it finish what is open, a second one ends it at once.
on_signal() {
	[ -n "$daemon" ] || exit "$1"
	signalled=yes
	kill -TERM "$daemon" 2>/dev/null || :
}

# A signal interrupts `wait` too, and then its status is not the daemon's.
wait_daemon() {
	status=1
	signalled=yes
	while [ -n "$signalled" ]; do
		signalled=
		told=0
		wait "$daemon" || told=$?
		[ "$told" -eq 127 ] || status=$told
	done
	daemon=
}

finish() {
	status=$?
	if [ -n "$daemon" ]; then
		kill -TERM "$daemon" 2>/dev/null || :
		wait_daemon
	fi
	trap '' INT TERM HUP
	if [ -n "$started" ]; then
		(as "$bin/pg_ctl" stop -s -w -t 60 -m fast -D "$place/pg") 9<&- ||
			say "the cluster in $place/pg did not stop"
		say "stopped; the next run goes on with the history in $place"
	fi
	exit "$status"
}
trap finish EXIT
trap 'on_signal 130' INT
trap 'on_signal 143' TERM
trap 'on_signal 129' HUP

# ---- the cluster ----

cd "$place"
if [ ! -d pg ]; then
	say "making a PostgreSQL cluster in $place/pg"
	(as rm -rf "$place/pg.new") 9<&-
	told=$( (as "$bin/initdb" -D "$place/pg.new" -U postgres -E UTF8 \
		--locale=C.UTF-8 -k --auth=peer --no-instructions) \
		9<&- 2>&1) || die "initdb failed: $told"
	(as mv "$place/pg.new" "$place/pg") 9<&-
fi

put pg/postgresql.conf <<END
listen_addresses = ''
unix_socket_directories = '$place'
unix_socket_permissions = 0700
port = $port
max_connections = 30
shared_buffers = 64MB
timezone = 'UTC'
END
put pg/pg_hba.conf <<END
local all all peer map=own
END
# root may look at the history too.
put pg/pg_ident.conf <<END
own $user postgres
own $user dnsvigil_owner
own $user dnsvigil
own root dnsvigil
END

# Left over from a run that was killed.
if (as "$bin/pg_ctl" status -s -D "$place/pg") 9<&- >/dev/null; then
	(as "$bin/pg_ctl" stop -s -w -t 60 -m fast -D "$place/pg") 9<&- || :
fi
started=yes
if ! (as "$bin/pg_ctl" start -s -w -t 60 -D "$place/pg" \
	-l "$place/postgres.log") 9<&-; then
	started=
	die "PostgreSQL does not start: $(tail -n 1 "$place/postgres.log")"
fi

base="host=$place port=$port"
(as "$bin/psql" -XqAt -v ON_ERROR_STOP=1 -d "$base user=postgres") 9<&- <<'END'
select format('create role %I login', r)
from unnest(array['dnsvigil_owner', 'dnsvigil']) r
where not exists (select from pg_roles where rolname = r)
\gexec
select 'create database dnsvigil owner dnsvigil_owner encoding ''UTF8'''
where not exists (select from pg_database where datname = 'dnsvigil')
\gexec
END

# ---- the daemon ----

(as rm -rf "$place/copy") 9<&-
program=$(reach "$program" dnsvigil)
for file in "$root"/sql/*.sql; do
	sql=$(reach "$file" "sql/$(basename "$file")")
done
(as "$program" migrate --sql "$(dirname "$sql")" --grant dnsvigil \
	--database "$base user=dnsvigil_owner dbname=dnsvigil") 9<&-

n=0
lists=
cd "$root"
# shellcheck disable=SC2086
for file in $(printf '%s' "${WATCHLISTS:-watchlists/*}" | tr ',' ' '); do
	[ ! -d "$file" ] || continue
	[ -r "$file" ] || die "no watchlist $file"
	case $file in
	/*) ;;
	*) file=$root/$file ;;
	esac
	n=$((n + 1))
	name=$(basename "$file" | tr -c 'A-Za-z0-9_.\n-' _)
	lists="$lists
  - \"$(reach "$file" "lists/$n/$name")\""
done
[ $n -gt 0 ] || die "no watchlist"

servers=
for server in $(printf '%s' "${RESOLVERS:-}" | tr ',' ' '); do
	case $server in
	*[!0-9A-Za-z.:%\[\]]*) die "'$server' is no address" ;;
	esac
	servers="$servers
  - \"$server\""
done
put dnsvigil.yaml <<END
# Written by run_private.sh at each run.
database: "$base user=dnsvigil dbname=dnsvigil"
watchlists:$lists
${servers:+resolvers:$servers}
END

say "watching; Ctrl-C stops all of it.  In another terminal:"
say "    $program changes --config $place/dnsvigil.yaml"
cd "$place"
(
	exec 9<&-
	as setsid setpriv --pdeathsig TERM "$program" serve \
		--config "$place/dnsvigil.yaml"
) &
daemon=$!
wait_daemon
exit "$status"
