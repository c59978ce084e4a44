#!/bin/sh
# The overlay network of two hosts, made by hand.
#
#      h1                                           h2
#      eth0 192.168.1.4 ======== underlay ======== eth0 192.168.1.5
#       |                                           |
#      ov1: vxlan0 (VNI 256) - br0                 br0 - vxlan0 (VNI 256) :ov2
#                              |                   |
#                            veth0               veth0
#                              |                   |
#                      x1: eth0 192.168.10.100   eth0 192.168.10.101 :x2
#
# It uses the ovl-* binaries and this shell, nothing else, and shows each command
# before it runs it. The two hosts are network namespaces of this machine, h1 and
# h2; on two real ones, type the lines of h1 on one and those of h2 on the other,
# without '--underlay h1', and leave the cable between them to whoever laid it.
#
# It needs to be root in its user namespace: `cargo xtask demo` runs it in one of
# its own. It ends with 0 if the containers reach each other, and takes away all
# that it made.
set -eu

# In the order in which they go: an overlay before the host that holds its socket.
names='x1 x2 ov1 ov2 h1 h2'
made=''

# A heading: each argument a line.
say() {
    echo
    printf '# %s\n' "$@"
}

# Shows a command, and runs it.
run() {
    printf '$ %s\n' "$*"
    "$@"
}

clean_up() {
    status=$?
    trap - EXIT
    if [ -n "$made" ]; then
        say 'Nothing stays behind'
        # shellcheck disable=SC2086  # several names
        run ovl-ns del $made || status=1
    fi
    exit "$status"
}

for name in $names; do
    # -h: a name that leads nowhere is taken as well.
    if [ -e "/run/netns/$name" ] || [ -h "/run/netns/$name" ]; then
        printf '%s: /run/netns/%s is there already; nothing was done\n' "$0" "$name" >&2
        exit 1
    fi
done

trap clean_up EXIT
# Until it is known what was made, nothing may come between.
trap '' HUP INT TERM

say 'Two hosts, and the cable between them: the underlay'
# shellcheck disable=SC2086
run ovl-ns add $names
made=$names
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
run ovl-veth add eth0 -n h1 --ip 192.168.1.4/24 --peer eth0 --peer-netns h2 --peer-ip 192.168.1.5/24
run ovl-inspect ping h1 192.168.1.5 -c 1

say 'On each host the overlay: a bridge and a VXLAN device in a namespace of their own,' \
    'the UDP socket of the device left in the host'
run ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --local 192.168.1.4 --bridge br0 --gateway 192.168.10.1/24
run ovl-vxlan add vxlan0 --vni 256 -n ov2 --underlay h2 --local 192.168.1.5 --bridge br0 --gateway 192.168.10.1/24

say 'On each host a container, and a cable from it to the bridge'
run ovl-veth add eth0 -n x1 --ip 192.168.10.100/24 --mac auto --peer veth0 --peer-netns ov1 --peer-master br0
run ovl-veth add eth0 -n x2 --ip 192.168.10.101/24 --mac auto --peer veth0 --peer-netns ov2 --peer-master br0

say 'Who is where: on each host the address of the other container, its MAC, its host'
run ovl-fdb add 192.168.10.101 02:42:c0:a8:0a:65 --dst 192.168.1.5 --dev vxlan0 -n ov1
run ovl-fdb add 192.168.10.100 02:42:c0:a8:0a:64 --dst 192.168.1.4 --dev vxlan0 -n ov2

say 'Container to container, small packets and the largest that fit'
run ovl-inspect ping x1 192.168.10.101 -c 3
run ovl-inspect ping x2 192.168.10.100 -c 1 -s 1422 --df

say "Where does a cable end? What 'ethtool -S' calls peer_ifindex, resolved"
run ovl-veth peer eth0 -n x1
run ovl-veth peer veth0 -n ov1

say 'What came of it'
run ovl-fdb list -n ov1
run ovl-inspect
