# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ovl_inspect_global_optspecs
    string join \n snapshot= o/output= j/json no-header color= q/quiet v/verbose h/help V/version
end

function __fish_ovl_inspect_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ovl_inspect_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ovl_inspect_using_subcommand
    set -l cmd (__fish_ovl_inspect_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -l snapshot -d 'Look at a saved machine (a file, or - for standard input), or at this one (live); repeatable: several hosts at once, their namespaces named HOST:NS' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -s j -l json -d 'The same as -o json'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -l no-header -d 'No line of column names'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -s v -l verbose -d 'Say what is done'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -s V -l version -d 'Print version'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -f -a "links" -d 'Devices, with addresses, attributes and other ends'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -f -a "routes" -d 'Routes'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -f -a "fdb" -d 'FDB rows, of devices and of bridges'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -f -a "neigh" -d 'Neighbour rows'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -f -a "graph" -d 'The machine as a picture: hosts, overlays, containers, cables and tunnels'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -f -a "snapshot" -d 'Save what is there, to be looked at later or elsewhere with --snapshot'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -f -a "watch" -d 'Changes in all namespaces as they happen: devices, addresses, routes, rows, misses, and namespaces that come and go'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -f -a "monitor" -d 'Changes in all namespaces as they happen: devices, addresses, routes, rows, misses, and namespaces that come and go'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -f -a "ping" -d 'ICMP echo from inside a namespace'
complete -c ovl-inspect -n "__fish_ovl_inspect_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand links" -s n -l netns -d 'A namespace, in place of the words; repeatable' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand links" -l snapshot -d 'Look at a saved machine (a file, or - for standard input), or at this one (live); repeatable: several hosts at once, their namespaces named HOST:NS' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand links" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand links" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand links" -s j -l json -d 'The same as -o json'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand links" -l no-header -d 'No line of column names'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand links" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand links" -s v -l verbose -d 'Say what is done'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand links" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand routes" -s n -l netns -d 'A namespace, in place of the words; repeatable' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand routes" -l snapshot -d 'Look at a saved machine (a file, or - for standard input), or at this one (live); repeatable: several hosts at once, their namespaces named HOST:NS' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand routes" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand routes" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand routes" -s j -l json -d 'The same as -o json'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand routes" -l no-header -d 'No line of column names'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand routes" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand routes" -s v -l verbose -d 'Say what is done'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand routes" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand fdb" -s n -l netns -d 'A namespace, in place of the words; repeatable' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand fdb" -l snapshot -d 'Look at a saved machine (a file, or - for standard input), or at this one (live); repeatable: several hosts at once, their namespaces named HOST:NS' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand fdb" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand fdb" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand fdb" -s j -l json -d 'The same as -o json'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand fdb" -l no-header -d 'No line of column names'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand fdb" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand fdb" -s v -l verbose -d 'Say what is done'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand fdb" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand neigh" -s n -l netns -d 'A namespace, in place of the words; repeatable' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand neigh" -l snapshot -d 'Look at a saved machine (a file, or - for standard input), or at this one (live); repeatable: several hosts at once, their namespaces named HOST:NS' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand neigh" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand neigh" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand neigh" -s j -l json -d 'The same as -o json'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand neigh" -l no-header -d 'No line of column names'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand neigh" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand neigh" -s v -l verbose -d 'Say what is done'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand neigh" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand graph" -s n -l netns -d 'A namespace, in place of the words; repeatable' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand graph" -l format -d 'What to draw it as' -r -f -a "svg\t'A picture that any browser shows, in light and dark'
dot\t'A graph for Graphviz'
mermaid\t'A flowchart for Mermaid'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand graph" -l snapshot -d 'Look at a saved machine (a file, or - for standard input), or at this one (live); repeatable: several hosts at once, their namespaces named HOST:NS' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand graph" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand graph" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand graph" -s j -l json -d 'The same as -o json'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand graph" -l no-header -d 'No line of column names'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand graph" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand graph" -s v -l verbose -d 'Say what is done'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand graph" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand snapshot" -l snapshot -d 'Look at a saved machine (a file, or - for standard input), or at this one (live); repeatable: several hosts at once, their namespaces named HOST:NS' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand snapshot" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand snapshot" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand snapshot" -s j -l json -d 'The same as -o json'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand snapshot" -l no-header -d 'No line of column names'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand snapshot" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand snapshot" -s v -l verbose -d 'Say what is done'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand snapshot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand watch" -s n -l netns -d 'A namespace, in place of the words; repeatable' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand watch" -l only -d 'Only this; repeatable' -r -f -a "netns\t'Namespaces that come and go'
link\t'Devices'
address\t'Addresses'
route\t'Routes'
neigh\t'Neighbour rows'
fdb\t'FDB rows'
miss\t'Addresses that VXLAN devices ask for'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand watch" -l dev -d 'Only of devices of this name' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand watch" -l snapshot -d 'Look at a saved machine (a file, or - for standard input), or at this one (live); repeatable: several hosts at once, their namespaces named HOST:NS' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand watch" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand watch" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand watch" -s j -l json -d 'The same as -o json'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand watch" -l no-header -d 'No line of column names'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand watch" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand watch" -s v -l verbose -d 'Say what is done'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand monitor" -s n -l netns -d 'A namespace, in place of the words; repeatable' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand monitor" -l only -d 'Only this; repeatable' -r -f -a "netns\t'Namespaces that come and go'
link\t'Devices'
address\t'Addresses'
route\t'Routes'
neigh\t'Neighbour rows'
fdb\t'FDB rows'
miss\t'Addresses that VXLAN devices ask for'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand monitor" -l dev -d 'Only of devices of this name' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand monitor" -l snapshot -d 'Look at a saved machine (a file, or - for standard input), or at this one (live); repeatable: several hosts at once, their namespaces named HOST:NS' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand monitor" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand monitor" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand monitor" -s j -l json -d 'The same as -o json'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand monitor" -l no-header -d 'No line of column names'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand monitor" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand monitor" -s v -l verbose -d 'Say what is done'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand monitor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -s n -l netns -d 'The namespace, in place of the word' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -s c -l count -d 'How many requests, 1 or more' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -s s -l size -d 'Bytes of data in each, at most 65507' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -s W -l timeout -d 'Time to wait for each reply: seconds, or with a unit (500ms, 2s)' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -s i -l interval -d 'Time between requests' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -s I -l interface -d 'Send by this device only' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -l wait -d 'Keep asking until the first reply, for at most this long; what is asked in vain before it is sent, and not one of --count' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -l snapshot -d 'Look at a saved machine (a file, or - for standard input), or at this one (live); repeatable: several hosts at once, their namespaces named HOST:NS' -r
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -l df -d 'Set the don\'t-fragment bit'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -l find-mtu -d 'Find the largest packet that gets through'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -s j -l json -d 'The same as -o json'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -l no-header -d 'No line of column names'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -s v -l verbose -d 'Say what is done'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand ping" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand help; and not __fish_seen_subcommand_from links routes fdb neigh graph snapshot watch ping help" -f -a "links" -d 'Devices, with addresses, attributes and other ends'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand help; and not __fish_seen_subcommand_from links routes fdb neigh graph snapshot watch ping help" -f -a "routes" -d 'Routes'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand help; and not __fish_seen_subcommand_from links routes fdb neigh graph snapshot watch ping help" -f -a "fdb" -d 'FDB rows, of devices and of bridges'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand help; and not __fish_seen_subcommand_from links routes fdb neigh graph snapshot watch ping help" -f -a "neigh" -d 'Neighbour rows'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand help; and not __fish_seen_subcommand_from links routes fdb neigh graph snapshot watch ping help" -f -a "graph" -d 'The machine as a picture: hosts, overlays, containers, cables and tunnels'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand help; and not __fish_seen_subcommand_from links routes fdb neigh graph snapshot watch ping help" -f -a "snapshot" -d 'Save what is there, to be looked at later or elsewhere with --snapshot'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand help; and not __fish_seen_subcommand_from links routes fdb neigh graph snapshot watch ping help" -f -a "watch" -d 'Changes in all namespaces as they happen: devices, addresses, routes, rows, misses, and namespaces that come and go'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand help; and not __fish_seen_subcommand_from links routes fdb neigh graph snapshot watch ping help" -f -a "ping" -d 'ICMP echo from inside a namespace'
complete -c ovl-inspect -n "__fish_ovl_inspect_using_subcommand help; and not __fish_seen_subcommand_from links routes fdb neigh graph snapshot watch ping help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
