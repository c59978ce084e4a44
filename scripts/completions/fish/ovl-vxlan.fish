# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ovl_vxlan_global_optspecs
    string join \n o/output= j/json no-header color= q/quiet v/verbose h/help V/version
end

function __fish_ovl_vxlan_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ovl_vxlan_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ovl_vxlan_using_subcommand
    set -l cmd (__fish_ovl_vxlan_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -s j -l json -d 'The same as -o json'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -l no-header -d 'No line of column names'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -s v -l verbose -d 'Say what is done'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -s V -l version -d 'Print version'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -f -a "add" -d 'Make a VXLAN device in one namespace with its UDP socket in another'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -f -a "set" -d 'Change what the kernel lets change of a VXLAN device'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -f -a "del" -d 'Delete a VXLAN device'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -f -a "delete" -d 'Delete a VXLAN device'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -f -a "rm" -d 'Delete a VXLAN device'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -f -a "show" -d 'Show a VXLAN device'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -f -a "list" -d 'List VXLAN devices'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -f -a "ls" -d 'List VXLAN devices'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l underlay -d 'Namespace of the UDP socket: the host\'s [default: the caller\'s own]' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l bridge -d 'Bridge to enslave it to; made if it is not there' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l gateway -d 'Address of the bridge: the overlay\'s gateway' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l mtu -d 'MTU in bytes, or \'underlay\' for all that the underlay has room for' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l dev -d 'Device of the underlay that packets leave by' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l mac -d 'The device\'s MAC address' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l txqueuelen -d 'Length of the transmit queue in packets' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l vni -l id -d 'VXLAN network identifier, 0 to 16777215' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l local -d 'Source address of the outer packets: this host\'s VTEP' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l remote -d 'Where packets go that no FDB row names: one unicast VTEP' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l group -d 'Where packets go that no FDB row names: a multicast group (wants --dev)' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l srcport -d 'Range of UDP source ports' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l dstport -d 'UDP port packets are sent to and received on' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l ttl -d 'TTL of the outer packets: 1 to 255, inherit, or auto (the kernel\'s default)' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l tos -d 'TOS of the outer packets: 0x0 to 0xff (hexadecimal, as ip reads it), or inherit' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l df -d 'Don\'t-fragment bit of the outer packets: unset, set or inherit' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l flowlabel -d 'IPv6 flow label of the outer packets, 0 to 0xfffff' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l ageing -d 'Seconds after which a learned row is forgotten' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l maxaddress -d 'Most FDB rows the device holds; 0 for no limit' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l down -d 'Leave the device down'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l plain -d 'Start from the kernel\'s defaults (dstport 8472), not from Docker\'s'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -s 6 -l ipv6 -d 'An IPv6 underlay, where --local does not say so'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l exist-ok -d 'Fine when it stands as asked'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l learning -d 'Learn MAC addresses from packets that arrive'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l nolearning -d 'The opposite of --learning'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l proxy -d 'Answer ARP and ND from the neighbour rows; swallow what they do not answer'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l noproxy -d 'The opposite of --proxy'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l rsc -d 'Route short circuit'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l norsc -d 'The opposite of --rsc'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l l2miss -d 'Tell listeners about destinations without an FDB row'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l nol2miss -d 'The opposite of --l2miss'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l l3miss -d 'Tell listeners about addresses without a neighbour row'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l nol3miss -d 'The opposite of --l3miss'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l udpcsum -d 'UDP checksums over IPv4'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l noudpcsum -d 'The opposite of --udpcsum'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l udp6zerocsumtx -d 'Send UDP over IPv6 without checksum'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l noudp6zerocsumtx -d 'The opposite of --udp6zerocsumtx'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l udp6zerocsumrx -d 'Accept UDP over IPv6 without checksum'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l noudp6zerocsumrx -d 'The opposite of --udp6zerocsumrx'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l remcsumtx -d 'Remote checksum offload, sending'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l noremcsumtx -d 'The opposite of --remcsumtx'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l remcsumrx -d 'Remote checksum offload, receiving'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l noremcsumrx -d 'The opposite of --remcsumrx'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l gbp -d 'Group policy extension'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l gpe -d 'Generic protocol extension'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l external -d 'VNI and VTEP come with each packet (collect metadata), for ip route encap and tc'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l noexternal -d 'The opposite of --external'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l vnifilter -d 'Only VNIs listed by bridge vni pass (with --external)'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l novnifilter -d 'The opposite of --vnifilter'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l localbypass -d 'Hand packets for a VTEP of this host to its device without the wire'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l nolocalbypass -d 'The opposite of --localbypass'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -s j -l json -d 'The same as -o json'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -l no-header -d 'No line of column names'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -s v -l verbose -d 'Say what is done'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l mtu -d 'MTU in bytes' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l mac -d 'The device\'s MAC address' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l txqueuelen -d 'Length of the transmit queue in packets' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l master -d 'Enslave it to this bridge' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l vni -l id -d 'VXLAN network identifier, 0 to 16777215' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l local -d 'Source address of the outer packets: this host\'s VTEP' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l remote -d 'Where packets go that no FDB row names: one unicast VTEP' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l group -d 'Where packets go that no FDB row names: a multicast group (wants --dev)' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l srcport -d 'Range of UDP source ports' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l dstport -d 'UDP port packets are sent to and received on' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l ttl -d 'TTL of the outer packets: 1 to 255, inherit, or auto (the kernel\'s default)' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l tos -d 'TOS of the outer packets: 0x0 to 0xff (hexadecimal, as ip reads it), or inherit' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l df -d 'Don\'t-fragment bit of the outer packets: unset, set or inherit' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l flowlabel -d 'IPv6 flow label of the outer packets, 0 to 0xfffff' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l ageing -d 'Seconds after which a learned row is forgotten' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l maxaddress -d 'Most FDB rows the device holds; 0 for no limit' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l nomaster -d 'Free it from its bridge'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l up -d 'Bring it up'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l down -d 'Bring it down'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l learning -d 'Learn MAC addresses from packets that arrive'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l nolearning -d 'The opposite of --learning'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l proxy -d 'Answer ARP and ND from the neighbour rows; swallow what they do not answer'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l noproxy -d 'The opposite of --proxy'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l rsc -d 'Route short circuit'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l norsc -d 'The opposite of --rsc'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l l2miss -d 'Tell listeners about destinations without an FDB row'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l nol2miss -d 'The opposite of --l2miss'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l l3miss -d 'Tell listeners about addresses without a neighbour row'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l nol3miss -d 'The opposite of --l3miss'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l udpcsum -d 'UDP checksums over IPv4'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l noudpcsum -d 'The opposite of --udpcsum'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l udp6zerocsumtx -d 'Send UDP over IPv6 without checksum'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l noudp6zerocsumtx -d 'The opposite of --udp6zerocsumtx'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l udp6zerocsumrx -d 'Accept UDP over IPv6 without checksum'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l noudp6zerocsumrx -d 'The opposite of --udp6zerocsumrx'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l remcsumtx -d 'Remote checksum offload, sending'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l noremcsumtx -d 'The opposite of --remcsumtx'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l remcsumrx -d 'Remote checksum offload, receiving'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l noremcsumrx -d 'The opposite of --remcsumrx'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l gbp -d 'Group policy extension'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l gpe -d 'Generic protocol extension'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l external -d 'VNI and VTEP come with each packet (collect metadata), for ip route encap and tc'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l noexternal -d 'The opposite of --external'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l vnifilter -d 'Only VNIs listed by bridge vni pass (with --external)'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l novnifilter -d 'The opposite of --vnifilter'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l localbypass -d 'Hand packets for a VTEP of this host to its device without the wire'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l nolocalbypass -d 'The opposite of --localbypass'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -s j -l json -d 'The same as -o json'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -l no-header -d 'No line of column names'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -s v -l verbose -d 'Say what is done'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand del" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand del" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand del" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand del" -l with-bridge -d 'Delete the bridge it is a port of as well'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand del" -l missing-ok -d 'Fine when there is no such device'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand del" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand del" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand del" -s j -l json -d 'The same as -o json'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand del" -l no-header -d 'No line of column names'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand del" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand del" -s v -l verbose -d 'Say what is done'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand del" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand delete" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand delete" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand delete" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand delete" -l with-bridge -d 'Delete the bridge it is a port of as well'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand delete" -l missing-ok -d 'Fine when there is no such device'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand delete" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand delete" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand delete" -s j -l json -d 'The same as -o json'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand delete" -l no-header -d 'No line of column names'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand delete" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand delete" -s v -l verbose -d 'Say what is done'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand rm" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand rm" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand rm" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand rm" -l with-bridge -d 'Delete the bridge it is a port of as well'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand rm" -l missing-ok -d 'Fine when there is no such device'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand rm" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand rm" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand rm" -s j -l json -d 'The same as -o json'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand rm" -l no-header -d 'No line of column names'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand rm" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand rm" -s v -l verbose -d 'Say what is done'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand show" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand show" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand show" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand show" -s j -l json -d 'The same as -o json'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand show" -l no-header -d 'No line of column names'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand show" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand show" -s v -l verbose -d 'Say what is done'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand list" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand list" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand list" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand list" -l all -d 'In every namespace that can be found'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand list" -s j -l json -d 'The same as -o json'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand list" -l no-header -d 'No line of column names'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand list" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand list" -s v -l verbose -d 'Say what is done'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand ls" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand ls" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand ls" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand ls" -l all -d 'In every namespace that can be found'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand ls" -s j -l json -d 'The same as -o json'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand ls" -l no-header -d 'No line of column names'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand ls" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand ls" -s v -l verbose -d 'Say what is done'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand help; and not __fish_seen_subcommand_from add set del show list help" -f -a "add" -d 'Make a VXLAN device in one namespace with its UDP socket in another'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand help; and not __fish_seen_subcommand_from add set del show list help" -f -a "set" -d 'Change what the kernel lets change of a VXLAN device'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand help; and not __fish_seen_subcommand_from add set del show list help" -f -a "del" -d 'Delete a VXLAN device'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand help; and not __fish_seen_subcommand_from add set del show list help" -f -a "show" -d 'Show a VXLAN device'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand help; and not __fish_seen_subcommand_from add set del show list help" -f -a "list" -d 'List VXLAN devices'
complete -c ovl-vxlan -n "__fish_ovl_vxlan_using_subcommand help; and not __fish_seen_subcommand_from add set del show list help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
