# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ovl_fdb_global_optspecs
    string join \n o/output= j/json no-header color= q/quiet v/verbose h/help V/version
end

function __fish_ovl_fdb_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ovl_fdb_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ovl_fdb_using_subcommand
    set -l cmd (__fish_ovl_fdb_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -s V -l version -d 'Print version'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "add" -d 'Write an endpoint\'s rows: neighbour IP -> MAC, and FDB MAC -> VTEP'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "del" -d 'Delete all rows of an endpoint'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "delete" -d 'Delete all rows of an endpoint'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "rm" -d 'Delete all rows of an endpoint'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "get" -d 'Show the rows of one endpoint'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "show" -d 'Show the rows of one endpoint'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "list" -d 'List endpoints: FDB and neighbour rows joined by MAC address'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "ls" -d 'List endpoints: FDB and neighbour rows joined by MAC address'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "load" -d 'Write a whole table\'s rows: YAML, JSON, CSV, the text of bridge and ip, or what list -o json or -o yaml prints'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "sync" -d 'Make our rows equal to a table; those of others are left alone'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "flush" -d 'Delete the rows that filters name: our own, or with --foreign those of others'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "answer" -d 'Answer what the device asks for, from a table, until it is told to end'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "watch" -d 'Misses and changes of rows as they happen, one line each'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "monitor" -d 'Misses and changes of rows as they happen, one line each'
complete -c ovl-fdb -n "__fish_ovl_fdb_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l dst -l vtep -d 'The VTEP the endpoint is behind' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l dev -d 'The VXLAN device' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l port -d 'UDP port, where it is not the device\'s' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l vni -d 'VNI, where it is not the device\'s' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l via -d 'Device of the underlay that packets leave by' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l nhid -d 'FDB nexthop group, in place of --dst' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l fdb-only -d 'Only the FDB row'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l neigh-only -d 'Only the neighbour row'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l flood -d 'The all-zeros row: packets that no other row names go to this VTEP as well'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l replace -d 'Write over a permanent row that says otherwise'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l exist-ok -d 'Fine when the rows stand as asked'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l router -d 'Mark the FDB row as a router\'s (with --rsc devices)'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l extern-learn -d 'Mark the FDB row as put there by a control plane (always, unless --dynamic)'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l sticky -d 'Keep the FDB row from moving to another place'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l dynamic -d 'Rows that age out like learned ones'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -l dst -l vtep -d 'Only where it is behind this VTEP' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -l dev -d 'The VXLAN device' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -l flood -d 'The all-zeros row (to every VTEP, or to that of --dst)'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -l foreign -d 'Rows of other owners as well'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -l missing-ok -d 'Fine when there is no such row'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand del" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -l dst -l vtep -d 'Only where it is behind this VTEP' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -l dev -d 'The VXLAN device' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -l flood -d 'The all-zeros row (to every VTEP, or to that of --dst)'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -l foreign -d 'Rows of other owners as well'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -l missing-ok -d 'Fine when there is no such row'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -l dst -l vtep -d 'Only where it is behind this VTEP' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -l dev -d 'The VXLAN device' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -l flood -d 'The all-zeros row (to every VTEP, or to that of --dst)'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -l foreign -d 'Rows of other owners as well'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -l missing-ok -d 'Fine when there is no such row'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand get" -l dev -d 'The VXLAN device' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand get" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand get" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand get" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand get" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand get" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand get" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand get" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand show" -l dev -d 'The VXLAN device' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand show" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand show" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand show" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand show" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand show" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand show" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand show" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand list" -l dev -d 'Only of this device [default: every VXLAN device]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand list" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand list" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand list" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand list" -l all -d 'In every namespace that can be found'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand list" -l learned -d 'Only those learned from traffic'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand list" -l permanent -d 'Only those that stay'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand list" -l owned -d 'Only those made by this toolkit'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand list" -l foreign -d 'Only those of others'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand list" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand list" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand list" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand list" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand ls" -l dev -d 'Only of this device [default: every VXLAN device]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand ls" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand ls" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand ls" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand ls" -l all -d 'In every namespace that can be found'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand ls" -l learned -d 'Only those learned from traffic'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand ls" -l permanent -d 'Only those that stay'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand ls" -l owned -d 'Only those made by this toolkit'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand ls" -l foreign -d 'Only those of others'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand ls" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand ls" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand ls" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand ls" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -l dev -d 'The VXLAN device' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -l format -d 'How the table is written: yaml, json, csv, text [default: as it looks]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -l self -d 'An address of this host: endpoints behind it are left out, as are those behind the addresses of the device\'s underlay' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -l fdb-only -d 'Only the FDB rows'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -l neigh-only -d 'Only the neighbour rows'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -l replace -d 'Write over permanent rows that say otherwise'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -l keep-going -d 'Report what is refused, and write the rest'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand load" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -l dev -d 'The VXLAN device' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -l format -d 'How the table is written: yaml, json, csv, text [default: as it looks]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -l every -d 'With --watch: how often rows and table are compared when nothing was heard' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -l max-delete -d 'Delete at most so many of our endpoints, or their FDB rows: a number, or a share of them [default: 50%, and of an empty table with --allow-empty all]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -l self -d 'An address of this host: endpoints behind it are left out, as are those behind the addresses of the device\'s underlay' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -l watch -d 'Follow the table, and write again what a namespace that is made again lacks'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -l cleanup -d 'With --watch: take our rows away at the end'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -l check -d 'Change nothing; exit 6 when something would have to be'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -l take-over -d 'Rows of others that stand in the way give way'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -l allow-empty -d 'An empty table deletes what it has to'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l dev -d 'The VXLAN device' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l dst -l vtep -d 'Behind this VTEP' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l vni -d 'With this VNI' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l port -d 'With this UDP port' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l mac -d 'Of this MAC address' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l nhid -d 'By this FDB nexthop group' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l owned -d 'Rows made by this toolkit (the default; needed where there is no filter)'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l foreign -d 'Rows of others; wants a filter'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l learned -d 'Only those learned from traffic'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l permanent -d 'Only those that stay'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l neigh -d 'Only neighbour rows [default: all three tables]'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l self -d 'Only rows of the device\'s own table'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l master -d 'Only rows of the bridge\'s table that it has learned'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand flush" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -l dev -d 'The VXLAN device' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -l format -d 'How the table is written: yaml, json, csv, text [default: as it looks]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -l ttl -d 'Rows that nothing has used for so long go' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -l limit -d 'Answer the same question at most once in this time' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -l negative -d 'Ask for an address that the table does not have once in this time' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -l self -d 'An address of this host: what is behind it is not answered, nor what is behind the addresses of the device\'s underlay' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -l permanent -d 'Rows stay, as add writes them'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -l cleanup -d 'Take the rows that were written away at the end'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand answer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand watch" -l dev -d 'Only of this device, which has to be there [default: every device]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand watch" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand watch" -l only -d 'Only this; repeatable' -r -f -a "netns\t'Namespaces that come and go'
link\t'Devices'
address\t'Addresses'
route\t'Routes'
neigh\t'Neighbour rows'
fdb\t'FDB rows'
miss\t'Addresses that VXLAN devices ask for'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand watch" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand watch" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand watch" -l all -d 'In every namespace that can be found'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand watch" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand watch" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand watch" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand watch" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand monitor" -l dev -d 'Only of this device, which has to be there [default: every device]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand monitor" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand monitor" -l only -d 'Only this; repeatable' -r -f -a "netns\t'Namespaces that come and go'
link\t'Devices'
address\t'Addresses'
route\t'Routes'
neigh\t'Neighbour rows'
fdb\t'FDB rows'
miss\t'Addresses that VXLAN devices ask for'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand monitor" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand monitor" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand monitor" -l all -d 'In every namespace that can be found'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand monitor" -s j -l json -d 'The same as -o json'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand monitor" -l no-header -d 'No line of column names'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand monitor" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand monitor" -s v -l verbose -d 'Say what is done'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand monitor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand help; and not __fish_seen_subcommand_from add del get list load sync flush answer watch help" -f -a "add" -d 'Write an endpoint\'s rows: neighbour IP -> MAC, and FDB MAC -> VTEP'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand help; and not __fish_seen_subcommand_from add del get list load sync flush answer watch help" -f -a "del" -d 'Delete all rows of an endpoint'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand help; and not __fish_seen_subcommand_from add del get list load sync flush answer watch help" -f -a "get" -d 'Show the rows of one endpoint'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand help; and not __fish_seen_subcommand_from add del get list load sync flush answer watch help" -f -a "list" -d 'List endpoints: FDB and neighbour rows joined by MAC address'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand help; and not __fish_seen_subcommand_from add del get list load sync flush answer watch help" -f -a "load" -d 'Write a whole table\'s rows: YAML, JSON, CSV, the text of bridge and ip, or what list -o json or -o yaml prints'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand help; and not __fish_seen_subcommand_from add del get list load sync flush answer watch help" -f -a "sync" -d 'Make our rows equal to a table; those of others are left alone'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand help; and not __fish_seen_subcommand_from add del get list load sync flush answer watch help" -f -a "flush" -d 'Delete the rows that filters name: our own, or with --foreign those of others'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand help; and not __fish_seen_subcommand_from add del get list load sync flush answer watch help" -f -a "answer" -d 'Answer what the device asks for, from a table, until it is told to end'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand help; and not __fish_seen_subcommand_from add del get list load sync flush answer watch help" -f -a "watch" -d 'Misses and changes of rows as they happen, one line each'
complete -c ovl-fdb -n "__fish_ovl_fdb_using_subcommand help; and not __fish_seen_subcommand_from add del get list load sync flush answer watch help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
