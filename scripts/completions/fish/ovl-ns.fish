# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ovl_ns_global_optspecs
    string join \n o/output= j/json no-header color= q/quiet v/verbose h/help V/version
end

function __fish_ovl_ns_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ovl_ns_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ovl_ns_using_subcommand
    set -l cmd (__fish_ovl_ns_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -s V -l version -d 'Print version'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "add" -d 'Make namespaces, each with its name under /run/netns and its loopback up'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "del" -d 'Take names under /run/netns away'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "delete" -d 'Take names under /run/netns away'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "rm" -d 'Take names under /run/netns away'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "list" -d 'List every network namespace that can be found'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "ls" -d 'List every network namespace that can be found'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "show" -d 'Show one namespace: names, files, processes, devices'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "exec" -d 'Run a command in a namespace (a shell, where no command is given)'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "pids" -d 'List the processes in a namespace'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "identify" -d 'Say which namespace a process is in'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "attach" -d 'Give the namespace of a process a name under /run/netns'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "nsid" -d 'Show the id one namespace has for another, or assign one'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "monitor" -d 'Namespaces as they come, go and are renamed, one line each'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "watch" -d 'Namespaces as they come, go and are renamed, one line each'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "wait" -d 'Wait until there is such a namespace'
complete -c ovl-ns -n "__fish_ovl_ns_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand add" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand add" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand add" -l no-lo -d 'Leave the loopback down'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand add" -l exist-ok -d 'Fine when a namespace of that name is there'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand add" -l replace -d 'Remove a plain file that an ended namespace left under the name'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand add" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand add" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand add" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand add" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand add" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand add" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand del" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand del" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand del" -l missing-ok -d 'Fine when there is no such name'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand del" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand del" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand del" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand del" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand del" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand del" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand del" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand delete" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand delete" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand delete" -l missing-ok -d 'Fine when there is no such name'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand delete" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand delete" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand delete" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand delete" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand delete" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand delete" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand rm" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand rm" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand rm" -l missing-ok -d 'Fine when there is no such name'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand rm" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand rm" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand rm" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand rm" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand rm" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand rm" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand list" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand list" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand list" -l named -d 'Only those with a name under /run/netns, Docker\'s folder or OVL_NETNS_PATH'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand list" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand list" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand list" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand list" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand ls" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand ls" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand ls" -l named -d 'Only those with a name under /run/netns, Docker\'s folder or OVL_NETNS_PATH'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand ls" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand ls" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand ls" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand ls" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand show" -s n -l netns -d 'The namespace, in place of the word' -r
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand show" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand show" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand show" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand show" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand show" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand show" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand exec" -s n -l netns -d 'The namespace, in place of the word: what follows is the command' -r
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand exec" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand exec" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand exec" -l net-only -d 'Only the network, as nsenter --net: /sys and /etc stay as they are'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand exec" -l all -d 'In each namespace under /run/netns in turn; exits with the worst status'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand exec" -l docker -d 'With --all: in Docker\'s namespaces as well'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand exec" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand exec" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand exec" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand exec" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand pids" -s n -l netns -d 'The namespace, in place of the word' -r
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand pids" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand pids" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand pids" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand pids" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand pids" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand pids" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand pids" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand identify" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand identify" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand identify" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand identify" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand identify" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand identify" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand identify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand attach" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand attach" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand attach" -l exist-ok -d 'Fine when the name is that namespace\'s already'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand attach" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand attach" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand attach" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand attach" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand attach" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand attach" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand attach" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand nsid" -l set -d 'Assign this id, or the next free one (\'auto\')' -r
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand nsid" -s n -l netns -d 'Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N, inode:N, self or init [default: the caller\'s own]' -r
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand nsid" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand nsid" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand nsid" -l dry-run -d 'Print the ip, bridge and nsenter lines that do the same; change nothing'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand nsid" -l explain -d 'Print those lines on stderr while acting'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand nsid" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand nsid" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand nsid" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand nsid" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand nsid" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand monitor" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand monitor" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand monitor" -l all -d 'Begin with those that are there'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand monitor" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand monitor" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand monitor" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand monitor" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand monitor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand watch" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand watch" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand watch" -l all -d 'Begin with those that are there'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand watch" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand watch" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand watch" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand watch" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand wait" -s n -l netns -d 'The namespace, in place of the word' -r
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand wait" -l timeout -d 'For at most this long: seconds, or with a unit (500ms, 2s) [default: for ever]' -r
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand wait" -s o -l output -d 'How to write what is shown' -r -f -a "table\t'Columns for people'
wide\t'More columns, and nothing wrapped or left out'
json\t'JSON'
yaml\t'YAML'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand wait" -l color -d 'Whether to colour' -r -f -a "auto\t'On a terminal that shows it, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand wait" -s j -l json -d 'The same as -o json'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand wait" -l no-header -d 'No line of column names'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand wait" -s q -l quiet -d 'Say nothing but errors'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand wait" -s v -l verbose -d 'Say what is done'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand help; and not __fish_seen_subcommand_from add del list show exec pids identify attach nsid monitor wait help" -f -a "add" -d 'Make namespaces, each with its name under /run/netns and its loopback up'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand help; and not __fish_seen_subcommand_from add del list show exec pids identify attach nsid monitor wait help" -f -a "del" -d 'Take names under /run/netns away'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand help; and not __fish_seen_subcommand_from add del list show exec pids identify attach nsid monitor wait help" -f -a "list" -d 'List every network namespace that can be found'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand help; and not __fish_seen_subcommand_from add del list show exec pids identify attach nsid monitor wait help" -f -a "show" -d 'Show one namespace: names, files, processes, devices'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand help; and not __fish_seen_subcommand_from add del list show exec pids identify attach nsid monitor wait help" -f -a "exec" -d 'Run a command in a namespace (a shell, where no command is given)'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand help; and not __fish_seen_subcommand_from add del list show exec pids identify attach nsid monitor wait help" -f -a "pids" -d 'List the processes in a namespace'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand help; and not __fish_seen_subcommand_from add del list show exec pids identify attach nsid monitor wait help" -f -a "identify" -d 'Say which namespace a process is in'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand help; and not __fish_seen_subcommand_from add del list show exec pids identify attach nsid monitor wait help" -f -a "attach" -d 'Give the namespace of a process a name under /run/netns'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand help; and not __fish_seen_subcommand_from add del list show exec pids identify attach nsid monitor wait help" -f -a "nsid" -d 'Show the id one namespace has for another, or assign one'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand help; and not __fish_seen_subcommand_from add del list show exec pids identify attach nsid monitor wait help" -f -a "monitor" -d 'Namespaces as they come, go and are renamed, one line each'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand help; and not __fish_seen_subcommand_from add del list show exec pids identify attach nsid monitor wait help" -f -a "wait" -d 'Wait until there is such a namespace'
complete -c ovl-ns -n "__fish_ovl_ns_using_subcommand help; and not __fish_seen_subcommand_from add del list show exec pids identify attach nsid monitor wait help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
