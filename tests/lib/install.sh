#!/bin/sh
# SPDX-License-Identifier: ISC
#
# install.sh GROUP: the Debian packages that a part of the Makefile needs.
#
# Nothing missing: silent.  Root, or sudo without a password: installs them.
# Otherwise prints the one command to type, and fails.
#
# Debian starts the servers that it installs, enables them for the next boot,
# and creates a PostgreSQL cluster.  None of that is wanted here, so while apt
# runs a policy-rc.d of ours says no to every start, a drop-in says no to the
# cluster, and the name servers that came by us are disabled afterwards.  What
# was installed before is left as it is: nothing is removed, and no service
# that the machine runs is started, stopped or changed.

set -eu

# libc6-dev is only recommended by gcc, and recommendations are not installed.
build='libldns-dev libev-dev libpq-dev libyaml-dev libcurl4-openssl-dev
    libjansson-dev libssl-dev libidn2-dev libxxhash-dev pkg-config gcc
    libc6-dev make postgresql-15 tzdata'
check="$build libcmocka-dev"
test="$check nsd knot knot-dnsutils unbound dnsperf python3 ldnsutils procps
    openssl"
lint='clang-format-14 clang-tidy-14 mandoc clang libclang-rt-14-dev python3'
servers='nsd knot unbound'

case ${1-} in
build) wanted=$build ;;
check) wanted=$check ;;
test) wanted=$test ;;
lint) wanted="$check $lint" ;; # its headers, too, are compiled
*)
	echo "usage: install.sh build|check|test|lint" >&2
	exit 64
	;;
esac

if ! command -v dpkg-query >/dev/null; then
	echo "install.sh: no dpkg here; these must be present:" $wanted >&2
	exit 0
fi

# Prints the words of "$@" that are no installed packages.
missing_of() {
	have=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" \
	    2>/dev/null | sed -n 's/^installed //p') || :
	for package; do
		echo "$have" | grep -qxF -e "$package" || printf '%s ' "$package"
	done
}

# shellcheck disable=SC2086
missing=$(missing_of $wanted)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	if sudo -n true 2>/dev/null; then
		exec sudo -n sh "$0" "$1"
	fi
	command="sh $(cd "$(dirname "$0")" && pwd)/install.sh $1"
	if command -v sudo >/dev/null; then
		command="sudo $command"
	else
		command="su -c '$command'"
	fi
	echo "Packages are missing: $missing" >&2
	echo "Type this, it starts no server and creates no cluster:" >&2
	echo "    $command" >&2
	exit 1
fi

# `su` leaves a user's PATH as it is, and dpkg wants these.
PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH

# Make may start two of us at once; the first to end would take away the
# policy-rc.d that the other relies on.  Both look again at what is missing.
exec 9</var/lib/dpkg
flock 9
# shellcheck disable=SC2086
missing=$(missing_of $wanted)
[ -n "$missing" ] || exit 0

policy=/usr/sbin/policy-rc.d
cluster_dir=/etc/postgresql-common/createcluster.d
cluster=$cluster_dir/zz-dnsvigil-install.conf
common=/etc/postgresql-common/createcluster.conf
own_policy=
own_dir=

clean_up() {
	[ -z "$own_policy" ] || rm -f "$policy"
	rm -f "$cluster"
	# The parent is left empty only if apt got nowhere.
	[ -z "$own_dir" ] ||
		rmdir "$cluster_dir" /etc/postgresql-common 2>/dev/null || :
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
	own_policy=yes
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi
# postgresql-common's own createcluster.conf includes this folder; an older or
# edited one may not, and then it must say no by itself.
[ -d "$cluster_dir" ] || own_dir=yes
mkdir -p "$cluster_dir"
echo 'create_main_cluster = false' >"$cluster"
case " $missing" in
*' postgresql-15 '*)
	if [ -e "$common" ] && [ "$(pg_conftool "$common" show -bs \
	    create_main_cluster 2>/dev/null)" != off ]; then
		echo "install.sh: put 'create_main_cluster = false' into" \
		    "$common first" >&2
		exit 1
	fi
	;;
esac

echo "Installing: $missing"
export DEBIAN_FRONTEND=noninteractive
options='-q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0'
# shellcheck disable=SC2086
{
	apt-get $options update
	apt-get $options install -y --no-install-recommends --no-remove $missing
} 9<&-

for server in $servers; do
	case " $missing" in
	*" $server "*)
		for unit in "$server" "$server-resolvconf"; do
			[ -e "/lib/systemd/system/$unit.service" ] || continue
			# It works for maintainer scripts only, and says whose.
			DPKG_MAINTSCRIPT_PACKAGE=$server \
				deb-systemd-helper disable "$unit.service" >/dev/null
		done
		[ ! -e "/etc/init.d/$server" ] ||
			update-rc.d "$server" disable >/dev/null
		;;
	esac
done
