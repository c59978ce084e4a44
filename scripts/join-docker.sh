#!/bin/sh
# Joins a third host, made with the ovl binaries alone, to an overlay network
# that two Docker engines share: its own namespace on their underlay, the
# overlay's inside, a container, and the rows by hand on all three sides. Then
# it pings a Docker container both ways with packets that fill the overlay's MTU.
#
# usage: join-docker.sh up|down ENVFILE
#
# ENVFILE holds KEY=VALUE lines about the network and its two engines: CNET_VNI,
# CNET_SUBNET, D1_VTEP_IP, D1_OVERLAY_NS, X1_IP, X1_SANDBOX_KEY, the same with 2.
# Optional, with defaults that fit two hosts on a switch named sw0 in lab-sw:
# SWITCH_NS, SWITCH, VTEP (this host's underlay address), IP (the container's).
set -eu

usage() {
	echo "usage: join-docker.sh up|down ENVFILE" >&2
	exit 2
}
[ $# -eq 2 ] && [ -r "$2" ] || usage
# shellcheck disable=SC1090
. "$2"

: "${SWITCH_NS:=lab-sw}" "${SWITCH:=sw0}" "${VTEP:=192.168.1.7}" "${IP:=192.168.10.150}"
PREFIX=${CNET_SUBNET#*/}
HOST=ovl-h3 OVERLAY=ovl-h3-ov BOX=ovl-h3-x

run() {
	printf '\n$ %s\n' "$*"
	"$@"
}

up() {
	# What is made is taken back when a later step fails.
	trap 'down >&2' EXIT
	run ovl-ns add $HOST $OVERLAY $BOX

	# The host: a cable to the switch the engines are on.
	run ovl-veth add eth0 -n $HOST --peer p-h3 --peer-netns "$SWITCH_NS" --peer-master "$SWITCH" --ip "$VTEP/24"
	run ovl-inspect ping $HOST "$D1_VTEP_IP" --wait -c 1

	# The overlay's inside: the network's VNI, Docker's port and switches by default.
	# --local: the engines drop packets from an address their rows do not name.
	run ovl-vxlan add vxlan0 --vni "$CNET_VNI" -n $OVERLAY --underlay $HOST --local "$VTEP" --bridge br0
	run ovl-veth add eth0 -n $BOX --peer veth0 --peer-netns $OVERLAY --peer-master br0 --ip "$IP/$PREFIX" --mac auto

	# Who is where: the two Docker containers here, ours on each engine.
	run ovl-fdb add "$X1_IP" auto --dst "$D1_VTEP_IP" -n $OVERLAY
	run ovl-fdb add "$X2_IP" auto --dst "$D2_VTEP_IP" -n $OVERLAY
	run ovl-fdb add "$IP" auto --dst "$VTEP" -n "$D1_OVERLAY_NS"
	run ovl-fdb add "$IP" auto --dst "$VTEP" -n "$D2_OVERLAY_NS"

	# 1422 bytes of data, 8 of ICMP and 20 of IPv4: 1450, not one of them to spare.
	run ovl-inspect ping $BOX "$X1_IP" -s 1422 --df
	run ovl-inspect ping "$X1_SANDBOX_KEY" "$IP" -s 1422 --df
	run ovl-inspect ping "$X2_SANDBOX_KEY" "$IP" -s 1422 --df

	run ovl-veth peer eth0 -n $BOX
	run ovl-fdb list -n "$D1_OVERLAY_NS"
	trap - EXIT
}

down() {
	for ns in "$D1_OVERLAY_NS" "$D2_OVERLAY_NS"; do
		run ovl-fdb del "$IP" -n "$ns" --missing-ok || true
	done
	# The VXLAN device first: the VNI of a namespace that is deleted as a whole
	# stays taken until the kernel has cleaned up.
	run ovl-vxlan del vxlan0 -n $OVERLAY --missing-ok || true
	run ovl-veth del eth0 -n $HOST --missing-ok || true
	run ovl-ns del $BOX $OVERLAY $HOST --missing-ok
}

case $1 in
up) up ;;
down) down ;;
*) usage ;;
esac
