//! Where there is colour and where there is none, in tables, the tree, help and errors.

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::tests;

tests![
    a_terminal_has_colour_and_the_columns_stay: SCRIPT,
    where_none_is_wanted_there_is_none: SCRIPT,
];

/// Commands, each with what of it is coloured on a terminal.
const COMMANDS: [(&str, &[&str]); 6] = [
    ("ovl-inspect links h1", &["\x1b[1mDEVICE\x1b[0m", "\x1b[32mup\x1b[0m", "\x1b[33mdown\x1b[0m"]),
    ("ovl-vxlan list -n ov1", &["\x1b[1mSOCKET IN\x1b[0m", "\x1b[32mup\x1b[0m"]),
    ("ovl-fdb list -n ov1", &["\x1b[1;31mforeign, no FDB row\x1b[0m"]),
    ("ovl-inspect", &["\x1b[1;34mh1\x1b[0m", "\x1b[1;31m→ no FDB row\x1b[0m"]),
    ("ovl-veth show nosuch0", &[]),
    ("ovl-ns show nope", &["\x1b[2mhint: "]),
];

fn scene(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip -n h1 link add d0 type bridge
        ip -n ov1 neigh add 192.168.10.9 lladdr 02:42:c0:a8:0a:65 dev vxlan0 nud permanent")?;
    Ok(())
}

/// What a command prints on a terminal with this environment, whatever comes of it.
fn on_terminal(lab: &Lab, environment: &str, command: &str) -> Result<String> {
    let said = lab.run(&format!(
        "unset COLUMNS; export {environment}
        script -qc 'stty cols 100 rows 50; {command}' /dev/null </dev/null"
    ))?;
    Ok(said.stdout.replace('\r', ""))
}

/// Text without its escape sequences.
fn bare(text: &str) -> String {
    let mut pieces = text.split('\u{1b}');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |out, piece| out + piece.split_once('m').map_or(piece, |(_, rest)| rest))
}

fn a_terminal_has_colour_and_the_columns_stay(lab: &Lab) -> Result<()> {
    scene(lab)?;
    for (command, coloured) in COMMANDS {
        let shown = on_terminal(lab, "TERM=xterm", command)?;
        for words in coloured {
            ensure!(shown.contains(words), "no {words:?} in\n{shown:?}");
        }
        let plain = on_terminal(lab, "TERM=xterm NO_COLOR=1", command)?;
        assert_eq!(bare(&shown), plain, "{command}");
    }
    // Who asks for it has it anywhere.
    let piped = lab.ok("TERM=dumb ovl-inspect links h1 --color always")?;
    ensure!(piped.contains("\x1b[32mup\x1b[0m"), "{piped:?}");
    Ok(())
}

fn where_none_is_wanted_there_is_none(lab: &Lab) -> Result<()> {
    scene(lab)?;
    let help = "ovl-inspect links --help";
    for command in COMMANDS.map(|(command, _)| command).into_iter().chain([help]) {
        let never = match command {
            _ if command == help => "ovl-inspect --color never links --help".to_owned(),
            _ => format!("{command} --color never"),
        };
        for (environment, command) in [
            ("TERM=xterm", never.as_str()),
            ("TERM=xterm NO_COLOR=1", command),
            ("TERM=dumb", command),
        ] {
            let shown = on_terminal(lab, environment, command)?;
            ensure!(!shown.is_empty() && !shown.contains('\u{1b}'), "{environment} {shown:?}");
        }
        let piped = lab.run(&format!("TERM=xterm {command} 2>&1 | cat"))?.stdout;
        ensure!(!piped.is_empty() && !piped.contains('\u{1b}'), "{piped:?}");
    }
    Ok(())
}
