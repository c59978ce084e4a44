#!/bin/sh
# Walks through a running Docker overlay network as the article does by hand:
# each of its questions is a heading, and under it stands the one command that
# answers it. Changes nothing; sends three ICMP echoes.
#
# usage: walk-docker.sh CONTAINER [ADDRESS]
#        walk-docker.sh ENVFILE [1|2]
#
# CONTAINER is one of the engine that docker(1) asks (DOCKER_HOST is honoured),
# ADDRESS another container's on the same network, for the last questions.
# ENVFILE describes a lab of two engines, as for join-docker.sh: X1_NAME, D1_SOCK,
# X2_IP and the same with 1 and 2 exchanged; 1 or 2 is the engine to look at.
set -eu

usage() {
	echo "usage: walk-docker.sh CONTAINER [ADDRESS] | ENVFILE [1|2]" >&2
	exit 2
}
[ $# -ge 1 ] && [ $# -le 2 ] || usage

if [ -f "$1" ]; then
	# shellcheck disable=SC1090
	. "$1"
	case ${2:-1} in
	1) CONTAINER=$X1_NAME ADDRESS=$X2_IP SOCK=$D1_SOCK ;;
	2) CONTAINER=$X2_NAME ADDRESS=$X1_IP SOCK=$D2_SOCK ;;
	*) usage ;;
	esac
	DOCKER_HOST=unix://$SOCK
	export DOCKER_HOST
else
	CONTAINER=$1 ADDRESS=${2:-}
fi
BOX=docker:$CONTAINER

ask() {
	printf '\n# %s\n' "$1"
	shift
	printf '$ %s\n' "$*"
	"$@"
}

# A key of the first `ovl-veth peer` answer: "ref" is the other end's namespace,
# the second of the two that it names.
second_ref() {
	ovl-veth peer "$1" -n "$BOX" -o json | tr -d '\n' |
		sed -n 's/.*"peer": *{[^}]*"ref": *"\([^"]*\)".*/\1/p'
}

ask "Which network namespaces are there, and whose are they?" ovl-ns list
ask "Which of them is the container's?" ovl-ns show "$BOX"
ask "Which devices does the container have?" ovl-inspect links "$BOX"
ask "What is the other end of its eth0, and in which namespace?" ovl-veth peer eth0 -n "$BOX"

OVERLAY=$(second_ref eth0)
if [ -z "$OVERLAY" ]; then
	echo "walk-docker.sh: the other end of eth0 of $CONTAINER is in no namespace that can be seen" >&2
	exit 1
fi
ask "Whose namespace is that?" ovl-ns show "$OVERLAY"
ask "What is in it? A bridge, a VXLAN device, and the container's cable." ovl-inspect links "$OVERLAY"
ask "Which ports does its bridge have, and where do they lead?" ovl-veth list -n "$OVERLAY"

VXLAN=$(ovl-vxlan list -n "$OVERLAY" -o json | tr -d '\n' |
	sed -n 's/.*"ifname": *"\(vxlan[^"]*\)".*/\1/p')
if [ -n "$VXLAN" ]; then
	ask "Which VNI and port, and in which namespace is its UDP socket?" \
		ovl-vxlan show "$VXLAN" -n "$OVERLAY"
	ask "Who is where? IP address, MAC address, and the host behind which it is." \
		ovl-fdb list -n "$OVERLAY"
	ask "The same as the kernel has it: the FDB..." ovl-inspect fdb "$OVERLAY"
	ask "... and the neighbours, from which ARP is answered." ovl-inspect neigh "$OVERLAY"
fi

if ovl-veth peer eth1 -n "$BOX" >/dev/null 2>&1; then
	ask "And its eth1? It ends on docker_gwbridge, in the host's namespace." \
		ovl-veth peer eth1 -n "$BOX"
	HOST=$(second_ref eth1)
	[ -z "$HOST" ] || ask "What else is in the host's namespace?" ovl-inspect links "$HOST"
fi
ask "Which way do the container's packets go?" ovl-inspect routes "$BOX"

if [ -n "$ADDRESS" ]; then
	ask "Which endpoint is the other container?" ovl-fdb get "$ADDRESS" -n "$OVERLAY"
	ask "Does it answer?" ovl-inspect ping "$BOX" "$ADDRESS" -c 3
fi
ask "All of it on one page?" ovl-inspect
