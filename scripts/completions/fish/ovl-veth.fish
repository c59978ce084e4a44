# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ovl_veth_global_optspecs
    string join \n o/output= j/json no-header color= q/quiet v/verbose h/help V/version
end

function __fish_ovl_veth_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ovl_veth_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ovl_veth_using_subcommand
    set -l cmd (__fish_ovl_veth_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -s j -l json -d 'The same as -o json'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -l no-header -d 'No line of column names'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -s v -l verbose -d 'Say what is done'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -s V -l version -d 'Print version'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -f -a "add" -d 'Make a cable: both ends placed, named, addressed, enslaved and up'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -f -a "set" -d 'Change one end of a cable'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -f -a "del" -d 'Delete a cable, by either end'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -f -a "delete" -d 'Delete a cable, by either end'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -f -a "rm" -d 'Delete a cable, by either end'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -f -a "show" -d 'Show one end of a cable, and where its other end is'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -f -a "list" -d 'List cables'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -f -a "ls" -d 'List cables'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -f -a "peer" -d 'Say where the other end of a cable is: peer_ifindex, as ethtool -S reads it, resolved'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -f -a "stats" -d 'Show all statistics of the driver, as ethtool -S'
complete -c ovl-veth -n "__fish_ovl_veth_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l peer -d 'The other end\'s name [default: the next free vethN there]' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l peer-netns -d 'Where the other end is to be [default: the caller\'s own]' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l ip -d 'Address of the first end (repeatable)' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l peer-ip -d 'Address of the other end (repeatable)' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l master -d 'Bridge to enslave the first end to' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l peer-master -d 'Bridge to enslave the other end to' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l mac -d 'MAC address of the first end; auto: Docker\'s rule, 02:42 and the IPv4 address' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l peer-mac -d 'MAC address of the other end' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l mtu -d 'MTU of both ends; auto, the default beside a master: the bridge\'s' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l via -d 'Default gateway of the first end\'s namespace' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l route -d 'A route by the first end (repeatable): CIDR, or CIDR,via=IP' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l down -d 'Leave both ends down'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l exist-ok -d 'Fine when it stands as asked'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -s j -l json -d 'The same as -o json'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -l no-header -d 'No line of column names'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -s v -l verbose -d 'Say what is done'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -l mtu -d 'MTU in bytes' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -l mac -d 'MAC address' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -l master -d 'Enslave it to this bridge' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -l ip -d 'Add an address (repeatable)' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -l nomaster -d 'Free it from its bridge'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -l up -d 'Bring it up'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -l down -d 'Bring it down'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -s j -l json -d 'The same as -o json'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -l no-header -d 'No line of column names'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -s v -l verbose -d 'Say what is done'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand del" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand del" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand del" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand del" -l missing-ok -d 'Fine when there is no such device'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand del" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand del" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand del" -s j -l json -d 'The same as -o json'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand del" -l no-header -d 'No line of column names'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand del" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand del" -s v -l verbose -d 'Say what is done'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand del" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand delete" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand delete" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand delete" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand delete" -l missing-ok -d 'Fine when there is no such device'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand delete" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand delete" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand delete" -s j -l json -d 'The same as -o json'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand delete" -l no-header -d 'No line of column names'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand delete" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand delete" -s v -l verbose -d 'Say what is done'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand rm" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand rm" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand rm" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand rm" -l missing-ok -d 'Fine when there is no such device'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand rm" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand rm" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand rm" -s j -l json -d 'The same as -o json'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand rm" -l no-header -d 'No line of column names'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand rm" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand rm" -s v -l verbose -d 'Say what is done'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand show" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand show" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand show" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand show" -s j -l json -d 'The same as -o json'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand show" -l no-header -d 'No line of column names'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand show" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand show" -s v -l verbose -d 'Say what is done'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand list" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand list" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand list" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand list" -l all -d 'In every namespace that can be found'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand list" -s j -l json -d 'The same as -o json'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand list" -l no-header -d 'No line of column names'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand list" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand list" -s v -l verbose -d 'Say what is done'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand ls" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand ls" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand ls" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand ls" -l all -d 'In every namespace that can be found'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand ls" -s j -l json -d 'The same as -o json'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand ls" -l no-header -d 'No line of column names'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand ls" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand ls" -s v -l verbose -d 'Say what is done'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand peer" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand peer" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand peer" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand peer" -s j -l json -d 'The same as -o json'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand peer" -l no-header -d 'No line of column names'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand peer" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand peer" -s v -l verbose -d 'Say what is done'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand peer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand stats" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand stats" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand stats" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand stats" -s j -l json -d 'The same as -o json'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand stats" -l no-header -d 'No line of column names'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand stats" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand stats" -s v -l verbose -d 'Say what is done'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand help; and not __fish_seen_subcommand_from add set del show list peer stats help" -f -a "add" -d 'Make a cable: both ends placed, named, addressed, enslaved and up'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand help; and not __fish_seen_subcommand_from add set del show list peer stats help" -f -a "set" -d 'Change one end of a cable'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand help; and not __fish_seen_subcommand_from add set del show list peer stats help" -f -a "del" -d 'Delete a cable, by either end'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand help; and not __fish_seen_subcommand_from add set del show list peer stats help" -f -a "show" -d 'Show one end of a cable, and where its other end is'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand help; and not __fish_seen_subcommand_from add set del show list peer stats help" -f -a "list" -d 'List cables'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand help; and not __fish_seen_subcommand_from add set del show list peer stats help" -f -a "peer" -d 'Say where the other end of a cable is: peer_ifindex, as ethtool -S reads it, resolved'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand help; and not __fish_seen_subcommand_from add set del show list peer stats help" -f -a "stats" -d 'Show all statistics of the driver, as ethtool -S'
complete -c ovl-veth -n "__fish_ovl_veth_using_subcommand help; and not __fish_seen_subcommand_from add set del show list peer stats help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
