#!/bin/sh
#
# Installs a policy built by cellc, keeps the one before it, and removes both.
#
# An installation is first laid out as a generation below var/db/cellpolicy:
#
#	generations/ID/files	its files, at their places below the root
#	generations/ID/list	their names
#	current, previous	the ID in place, and the one before it
#	target			the ID that is being put in place, or `none'
#
# Its files are copied beside their places, `target' is written, the copies are
# renamed, what only other generations had is removed, `current' is written.
# After a kill the next run finds `target' and goes on, or removes the copies.

set -eu
umask 022
export LC_ALL=C

usage()
{
	cat <<'END'
usage: sh install.sh [-m directory] install | upgrade | rollback | uninstall | verify

	install, upgrade	install the build that this script lies in
	rollback		put the generation before back in place
	uninstall		remove all that was installed
	verify			check the build, and do nothing else
	-m directory		where modules go (default: kern.module.path)
DESTDIR, a directory, stands before every path.  make(1) builds what does
not lie beside its sources already: cellexec, secmodel_cellpolicy.kmod.
The kernel's policy stays until /etc/rc.d/cellpolicy reload.
END
}

root=${DESTDIR:+$(cd "$DESTDIR" && pwd)}
state=$root/var/db/cellpolicy
generations=$state/generations
work=$state/work
modules=

die()
{
	echo "install.sh: $*" >&2
	exit 1
}

# Replaces a small file at once.
put()
{
	echo "$2" >"$1.new"
	mv -f "$1.new" "$1"
}

# Prints what `put' wrote, or nothing.
get()
{
	[ ! -f "$1" ] || cat "$1"
}

# Prints "SHA256 (name) = digest" for each name of standard input.  Names need
# no quoting here and below: `listed' lets only plain ones through.
digests()
{
	if cksum -a SHA256 /dev/null >/dev/null 2>&1; then
		xargs cksum -a SHA256
	else	# hosts that are not NetBSD, with DESTDIR
		xargs sha256sum --tag
	fi
}

# Prints the names in a list of digests: plain, and below where they start.
listed()
{
	word='[A-Za-z0-9_][A-Za-z0-9_.+-]*'
	! grep -qvE "^SHA256 \\(($word/)*$word\\) = [0-9a-f]{64}\$" "$1" ||
		die "$1 is not a list of digests"
	sed 's/^SHA256 (\(.*\)) = .*$/\1/' "$1"
}

# Copies the build and checks the copy: nothing can change in between.
copy_build()
{
	build=$(cd "$(dirname "$0")" && pwd)
	[ -s "$build/SHA256" ] || die "$build is not a build: no SHA256"
	cp -RpL "$build" "$work/build"
	cd "$work/build"
	listed SHA256 >"$work/names"
	digests <"$work/names" >"$work/digests" || die "the build lacks files"
	cmp -s "$work/digests" SHA256 && return
	diff SHA256 "$work/digests" |
	    sed -n 's/^> SHA256 (\(.*\)) = .*/install.sh: changed: \1/p' >&2
	die "the build is not as cellc wrote it"
}

# Prints where a file of the build goes, or nothing if it stays behind.
place()
{
	case $1 in
	rc.d/* | rc.conf.d/*)	echo "etc/$1" ;;
	libexec/cellpolicy/*)	echo "$1" ;;
	install.sh | sysctl/cellpolicy-drift) echo "libexec/cellpolicy/${1##*/}" ;;
	sysctl/cellpolicy.conf)	echo etc/cellpolicy/sysctl.conf ;;
	kmod/cellpolicy.img)	echo etc/cellpolicy/cellpolicy.img ;;
	manifest.json | policy.map.json) echo "etc/cellpolicy/$1" ;;
	cellexec/cellexec.8)	echo usr/share/man/man8/cellexec.8 ;;
	esac
}

# Puts a file of the build at a place in the new generation.
lay_out()
{
	to=$generations/new/files/$2
	mkdir -p "${to%/*}"
	cp "$1" "$to"
	chmod a=r "$to"
	[ ! -x "$1" ] || chmod a+x "$to"
}

# Lays out what make(1) makes in a folder of the build: folder, file, place.
lay_out_made()
{
	[ -d "$1" ] || return 0
	if [ ! -f "$1/$2" ]; then
		command -v make >/dev/null || die "no make(1), and no $1/$2"
		(unset DESTDIR && cd "$1" && make MKMAN=no) >"$work/log" 2>&1 ||
			die "$1 does not build: $(cat "$work/log")"
	fi
	lay_out "$1/$2" "$3/$2"
}

# Lays the build out as a generation, and sets id to its ID.
stage()
{
	new=$generations/new
	while read -r name; do
		to=$(place "$name")
		[ -z "$to" ] || lay_out "$name" "$to"
	done <"$work/names"
	lay_out_made cellexec cellexec sbin
	if [ -d kmod/secmodel_cellpolicy ]; then
		: "${modules:=$(sysctl -n kern.module.path)}"
		case $modules in
		/*[!A-Za-z0-9_./+-]* | [!/]* | '') die "-m takes a plain path" ;;
		esac
		lay_out_made kmod/secmodel_cellpolicy secmodel_cellpolicy.kmod \
		    "${modules#/}/secmodel_cellpolicy"
	fi
	cd "$new/files"
	find . -type f | sed 's/^..//' | sort >"$new/list"
	digests <"$new/list" >"$work/generation"
	id=$(echo "$work/generation" | digests)
	id=${id##* }
	[ -d "$generations/$id" ] || mv "$new" "$generations/$id"
}

# Sets list and files to those of a generation, and ours to a file that names
# what any generation but the one being installed has put in place.
select_generation()
{
	list=$generations/$1/list files=$generations/$1/files ours=$work/ours
	[ "$1" != none ] || list=/dev/null
	[ -e "$list" ] || die "generation $1 is gone"
	for name in current previous target; do
		name=$generations/$(get "$state/$name")/list
		[ ! -f "$name" ] || cat "$name"
	done | sort -u >"$ours"
}

# Nobody else's file is overwritten.
check_foreign()
{
	comm -13 "$ours" "$list" | while read -r name; do
		[ ! -e "$root/$name" ] ||
			die "$root/$name exists and was not installed from here"
	done
}

# No cell loses its script while it is up.
check_removed()
{
	comm -23 "$ours" "$list" | grep '^etc/rc.d/cell_' | while read -r name; do
		[ -f "$root/$name" ] || continue
		cell=$(sed -n 's/^cellname=//p' "$root/$name")
		[ ! -f "$root/var/run/cellpolicy/$cell/up" ] ||
			die "the cell $cell is up: stop it first"
	done
}

# rcorder(8) must have no more to say with our scripts than it had without.
check_order()
{
	[ -f "$root/etc/rc.subr" ] && [ "$list" != /dev/null ] || return 0
	set --
	for script in "$root"/etc/rc.d/*; do
		[ ! -f "$script" ] ||
		grep -qxF "etc/rc.d/${script##*/}" "$ours" || set -- "$@" "$script"
	done
	rcorder "$@" >/dev/null 2>"$work/before" || :
	rcorder "$@" "$files"/etc/rc.d/* >/dev/null 2>"$work/after" || :
	! grep -vxF -f "$work/before" "$work/after" >&2 ||
		die "rcorder(8) cannot order these scripts"
}

# Puts a generation in place.
switch()
{
	while read -r name; do
		mkdir -p "$root/${name%/*}"
		cp -p "$files/$name" "$root/$name.new~"
	done <"$list"
	sync
	put "$state/target" "$1"
	while read -r name; do
		mv -f "$root/$name.new~" "$root/$name"
	done <"$list"
	comm -23 "$ours" "$list" | while read -r name; do
		rm -f "$root/$name"
	done
	current=$(get "$state/current")
	[ -z "$current" ] || [ "$current" = "$1" ] || put "$state/previous" "$current"
	put "$state/current" "$1"
	rm -f "$state/target"
}

# Finishes what a killed run had begun, or removes the copies it had made.
# rc(8) takes names that end in `~' for no scripts.
recover()
{
	rm -rf "$work" "$generations/new"
	mkdir -p "$work" "$generations"
	if [ -f "$state/target" ]; then
		select_generation "$(get "$state/target")"
		switch "$(get "$state/target")"
	fi
	cat "$generations"/*/list 2>/dev/null | while read -r name; do
		rm -f "$root/$name.new~"
	done
	for generation in "$generations"/*; do
		case ${generation##*/} in
		"$(get "$state/current")" | "$(get "$state/previous")") ;;
		*) rm -rf "$generation" ;;
		esac
	done
}

change()
{
	select_generation "$1"
	check_foreign
	check_removed
	check_order
	switch "$1"
}

lock()
{
	(umask 077 && mkdir -p "$state")
	until (set -C && echo $$ >"$state/lock") 2>/dev/null; do
		owner=$(get "$state/lock")
		! kill -0 "$owner" 2>/dev/null || die "process $owner is at it"
		rm -f "$state/lock"
	done
	trap 'recover; rm -rf "$work" "$state/lock"' EXIT
	trap 'exit 1' HUP INT TERM
}

main()
{
	[ "${1:-}" != -m ] || { modules=${2-} && shift && shift; }
	case "$#$*" in
	1install | 1upgrade | 1rollback | 1uninstall | 1verify) ;;
	1--help) usage && exit ;;
	*)	usage >&2
		exit 2 ;;
	esac
	[ -n "$root" ] || [ "$(id -u)" -eq 0 ] || die "only root installs"
	lock
	recover
	case $1 in
	verify)	copy_build ;;
	install | upgrade)
		copy_build
		stage
		change "$id" ;;
	rollback)
		id=$(get "$state/previous")
		[ "${id:-none}" != none ] || die "there is no generation before"
		change "$id" ;;
	uninstall)
		[ ! -f "$state/current" ] || change none
		trap - EXIT
		rm -rf "$state"
		rmdir "$root/libexec/cellpolicy/signatures" "$root/libexec/cellpolicy" \
		    "$root/etc/cellpolicy" 2>/dev/null || : ;;
	esac
}

main "$@"
