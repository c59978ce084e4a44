#!/bin/bash
# Holds what `ovl-inspect -o json` says of every cable on this machine against
# what ethtool and ip say, namespace by namespace: the other end's number, its
# name and master in the namespace that is named, and the way back. Changes
# nothing. Needs root, jq, ethtool, ip and nsenter; no container engine.
#
# usage: check-peers.sh [--quiet]
set -eu

QUIET=
case $# in
0) ;;
1) [ "$1" = --quiet ] && QUIET=1 || { echo "usage: check-peers.sh [--quiet]" >&2; exit 2; } ;;
*) echo "usage: check-peers.sh [--quiet]" >&2; exit 2 ;;
esac
for tool in ovl-inspect jq ethtool ip nsenter; do
	command -v $tool >/dev/null || { echo "check-peers.sh: $tool is not installed" >&2; exit 1; }
done

TREE=$(ovl-inspect -o json)
CHECKED=0 WRONG=0 SKIPPED=0

# Runs a command in the namespace with this inode, by a way of entering it that
# the kernel confirms.
declare -A DOOR
door() {
	local inode=$1 path
	if [ -z "${DOOR[$inode]:-}" ]; then
		while read -r path; do
			# Only files of nsfs: others may not even be opened (a pipe waits).
			if [ -e "$path" ] && [ "$(stat -L -c %i "$path")" = "$inode" ]; then
				DOOR[$inode]=$path
				break
			fi
		done < <(jq -r --argjson inode "$inode" '.[] | select(.netns.inode == $inode)
			| .netns.paths[], (.pids[] | "/proc/\(.pid)/ns/net")' <<<"$TREE")
	fi
	[ -n "${DOOR[$inode]:-}" ]
}

skip() {
	[ -n "$QUIET" ] || echo "skip  $1"
	SKIPPED=$((SKIPPED + 1))
}

wrong() {
	echo "WRONG $1"
	WRONG=$((WRONG + 1))
}

while IFS=$'\t' read -r inode ref name index far_inode far_ref far_name far_index far_master; do
	here="$ref:$name"
	door "$inode" || { skip "$here: no way in from here"; continue; }
	number=$(nsenter --net="${DOOR[$inode]}" ethtool -S "$name" 2>/dev/null |
		sed -n 's/^ *peer_ifindex: //p') || true
	# It may have gone since the tree was read.
	[ -n "$number" ] || { skip "$here: gone"; continue; }
	CHECKED=$((CHECKED + 1))
	if [ "$far_inode" = null ]; then
		wrong "$here: no other end; ethtool says $number"
		continue
	fi
	there="$far_ref:$far_name"
	[ "$number" = "$far_index" ] || wrong "$here: other end $far_index; ethtool says $number"
	door "$far_inode" || { skip "$there: no way in from here"; continue; }
	# The device with that number there, its master, and where it leads back to.
	link=$(nsenter --net="${DOOR[$far_inode]}" ip -j -d link |
		jq -r --argjson n "$number" '.[] | select(.ifindex == $n) | "\(.ifname) \(.master)"')
	[ "$link" = "$far_name $far_master" ] ||
		wrong "$here: other end $there, master $far_master; ip says '$link'"
	back=$(nsenter --net="${DOOR[$far_inode]}" ethtool -S "$far_name" 2>/dev/null |
		sed -n 's/^ *peer_ifindex: //p') || true
	[ "$back" = "$index" ] || wrong "$there leads back to $back, not to $here ($index)"
	# What ip has of the cable: a name in the same namespace, else number and id.
	own=$(nsenter --net="${DOOR[$inode]}" ip -j -d link show dev "$name" |
		jq -r '.[] | "\(.link) \(.link_index) \(.link_netnsid)"')
	case $own in
	"$far_name null null") [ "$inode" = "$far_inode" ] || wrong "$here: ip says it is in the same namespace" ;;
	"null $number "[0-9]*) [ "$inode" != "$far_inode" ] || wrong "$here: ip says another namespace" ;;
	*) wrong "$here: ip says '$own'" ;;
	esac
	[ -n "$QUIET" ] || echo "ok    $here ($index)  <>  $there ($far_index), master $far_master"
done < <(jq -r '.[] | .netns as $n | .links[] | select(.kind == "veth") | [$n.inode, $n.ref, .ifname,
	.ifindex, .peer.netns.inode, .peer.netns.ref, .peer.ifname, .peer.ifindex, .peer.master]
	| map(. // "null") | @tsv' <<<"$TREE")

echo "$CHECKED ends of cables checked, $WRONG findings, $SKIPPED of namespaces that cannot be entered from here"
[ "$WRONG" -eq 0 ]
