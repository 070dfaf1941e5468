#!/bin/sh
#
# Installs a policy built by cellc, keeps those before it, and removes them all.
#
# shellcheck disable=SC2034
#
# What is installed is a generation, a tree of files under a number:
#
#	var/db/cellpolicy/generations/N		every generation that is kept
#	libexec/cellpolicy.d/N			a copy of the active one, which
#						a host has with its root file system
#	libexec/cellpolicy.d/active		a symbolic link to N
#
# Each file's place holds a symbolic link by way of `active'.  So one rename(2)
# of that link activates a generation as a whole; links that only another one
# needs lead nowhere, which rcorder(8) and rc.subr(8) take for no file.  Killed
# before the rename this script leaves the old generation, and after it the new
# one; what else it leaves is removed by the next run.

set -eu
umask 022
unset CDPATH
export LC_ALL=C PATH="$PATH:/sbin:/bin:/usr/sbin:/usr/bin"

usage()
{
	cat <<'END'
usage: sh install.sh [-d] [-k count] [-m directory] [-s signers]
           verb [argument]

	install [build]		check a build and activate it; the directory that
	upgrade [build]		this script lies in, unless another one is named
	rollback [number]	activate the generation that was active before,
				or the one with this number
	list			show the generations there are
	verify [build]		check a build and do nothing else; with none,
				the directory that this script lies in, or what
				is installed if that is where it lies
	uninstall		remove all that was installed
	-d			install a build with a lower serial number than
				that of the active generation, or with none
	-k count		generations to keep (default: 5 for install and
				upgrade; the others remove none)
	-m directory		where modules go (default: kern.module.path)
	-s signers		demand a signature by one of these allowed signers,
				a file of ssh-keygen(1); always demanded where
				/etc/cellpolicy/allowed_signers exists
list and verify change nothing and need not be run by root.
DESTDIR, a directory, stands before every path.  make(1) builds what does
not lie beside its sources already: cellexec, secmodel_cellpolicy.kmod.
Where a signature is demanded it builds them always, from signed sources.
To trust the check, run the installed /libexec/cellpolicy/install.sh.
The kernel's policy stays until /etc/rc.d/cellpolicy reload.
END
}

root=${DESTDIR:+$(cd "$DESTDIR" && pwd)} || exit
state=$root/var/db/cellpolicy
generations=$state/generations
work=$state/work
place=libexec/cellpolicy.d
placed=$root/$place
downgrade=
keep=
modules=
signers=
newline='
'

die()
{
	echo "install.sh: $*" >&2
	exit 1
}

# Prints the first line of a file, or nothing if there is none.
get()
{
	[ ! -f "$1" ] || head -n 1 "$1"
}

here=$(cd "$(dirname "$0")" && pwd)
parts=$here/libexec/cellpolicy
[ -d "$parts" ] || parts=$here
# shellcheck source=/dev/null
. "$parts/build.subr"
# shellcheck source=/dev/null
. "$parts/generations.subr"

# Runs a function while no other install.sh changes anything.  The lock is that
# of an open file, so it ends with whoever holds it, however that ends.  Who may
# open the file could hold it as well.
locked()
{
	mkdir -p "$state"
	(umask 077 && : >>"$state/lock")
	{
		! command -v flock >/dev/null || flock -n 9 ||
			die "another install.sh is at it"
		trap 'cd /; tidy; rm -rf "$work"' EXIT
		trap 'exit 1' HUP INT TERM
		tidy
		"$@"
	} 9>"$state/lock"
}

main()
{
	for word; do
		case $word in -h | --help) usage && exit ;; esac
	done
	while getopts dk:m:s: option; do
		case $option in
		d)	downgrade=yes ;;
		k)	case $OPTARG in
			'' | 0* | *[!0-9]*) die "-k takes a number from 1" ;;
			esac
			keep=$OPTARG ;;
		m)	modules=$OPTARG ;;
		s)	signers=$OPTARG ;;
		*)	usage >&2 && exit 2 ;;
		esac
	done
	shift $((OPTIND - 1))
	case "$#${1-}" in
	1install | 1upgrade | 1verify | 1rollback | 1list | 1uninstall) ;;
	2install | 2upgrade | 2verify | 2rollback) ;;
	*)	usage >&2 && exit 2 ;;
	esac
	case $signers in
	'' | /*) ;;
	*)	signers=$(pwd)/$signers ;;
	esac
	case $1 in
	install | upgrade | verify)
		build=$(cd "${2:-$here}" && pwd) || die "there is no build $2" ;;
	esac
	case $1 in
	list | verify) ;;
	*)	[ -n "$root" ] || [ "$(id -u)" -eq 0 ] || die "only root may $1" ;;
	esac
	case $1 in
	list)	list ;;
	verify)	if [ $# -eq 1 ] && [ "$here" = "$parts" ]; then
			verify_installed
		else
			verify_build
		fi ;;
	install | upgrade)
		: "${keep:=5}"
		locked install ;;
	rollback)
		locked rollback "${2-}" ;;
	uninstall)
		locked uninstall ;;
	esac
}

install()
{
	copy_build
	check_serial
	stage
	change
}

rollback()
{
	choose "$1"
	change
}

main "$@"
