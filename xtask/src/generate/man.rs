//! One manual page for a binary, all its verbs in it: `clap_mangen` knows how an
//! option reads in a page, this file knows how a page of ours is built.

use anyhow::Result;
use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

/// What ends every page: the same in every binary.
const EXIT_STATUS: [(&str, &str); 8] = [
    ("0", "done"),
    ("1", "failed"),
    ("2", "the command line makes no sense"),
    ("3", "no such object"),
    ("4", "it exists already, and differs from what was asked"),
    ("5", "not permitted, or not everything could be read"),
    ("6", "a check found something, or nobody replied"),
    ("130, 143", "interrupted; what was made is undone"),
];

const EXEC_STATUS: &str = "exec ends as its command does; 125, 126 and 127 are our own failure, a \
     command that cannot be run, and one that is not there.";

const NAMESPACES: [(&str, &str); 10] = [
    (
        "NAME",
        "/run/netns/NAME, else /var/run/docker/netns/NAME, else in the folders of OVL_NETNS_PATH",
    ),
    ("/path, ./path", "a file that holds a namespace"),
    ("pid:N", "that process's namespace"),
    (
        "FOLDER/NAME",
        "a mounted file of that name below a folder of that name, where two engines have one",
    ),
    ("docker:NAME, podman:NAME", "a container's, by that engine's own command"),
    ("overlay:NAME-or-ID", "the namespace of that Docker overlay network on this host"),
    ("vni:N", "the one that holds the VXLAN device with that VNI"),
    ("inode:N", "as lsns and ovl-ns list show it"),
    ("self", "the caller's own"),
    ("init", "that of process 1"),
];

const ENVIRONMENT: [(&str, &str); 3] = [
    ("OVL_NETNS_PATH", "further folders of named namespaces, separated by colons"),
    ("DOCKER_HOST", "the engine that docker:NAME asks; one on another machine is refused"),
    ("NO_COLOR", "when set to anything, no colour"),
];

/// The page.
pub fn page(command: &Command) -> Result<String> {
    let mut command = command.clone();
    command.build();
    let man = Man::new(command.clone()).section("8").manual("ovl");
    let mut page = Page::default();
    page.render(|out| man.render_title(out))?;
    page.render(|out| man.render_name_section(out))?;
    page.synopsis(&command);
    page.render(|out| man.render_description_section(out))?;
    page.heading("COMMANDS");
    page.verbs(&command)?;
    page.heading("OPTIONS OF EVERY COMMAND");
    page.options(&command, &global(&command))?;
    page.table("NAMESPACES", &NAMESPACES);
    page.table("EXIT STATUS", &EXIT_STATUS);
    if command.find_subcommand("exec").is_some() {
        page.paragraph(EXEC_STATUS);
    }
    page.table("ENVIRONMENT", &ENVIRONMENT);
    page.heading("EXAMPLES");
    page.examples(&command);
    page.see_also(command.get_name());
    Ok(page.text)
}

/// A page as far as it is written.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// Takes what a renderer writes. Each writes the same first lines, which
    /// define the apostrophe; once is enough.
    fn render(&mut self, write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Result<()> {
        let mut bytes = Vec::new();
        write(&mut bytes)?;
        let text = String::from_utf8(bytes)?;
        let preamble = Roff::new().render();
        let body = text.strip_prefix(&preamble).unwrap_or(&text);
        if self.text.is_empty() {
            self.text += &preamble;
        }
        self.add(body);
        Ok(())
    }

    fn add(&mut self, lines: &str) {
        for line in lines.lines() {
            self.text += line.trim_end();
            self.text.push('\n');
        }
    }

    fn roff(&mut self, build: impl FnOnce(&mut Roff)) {
        let mut roff = Roff::new();
        build(&mut roff);
        self.add(&roff.to_roff());
    }

    fn heading(&mut self, words: &str) {
        self.roff(|r| {
            r.control("SH", [words]);
        });
    }

    /// A line a verb.
    fn synopsis(&mut self, command: &Command) {
        self.heading("SYNOPSIS");
        let mut lines: Vec<String> = leaves(command).iter().map(usage).collect();
        if !command.is_subcommand_required_set() {
            lines.insert(0, command.get_name().to_owned());
        }
        for (number, line) in lines.iter().enumerate() {
            let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
            self.roff(|r| {
                if number > 0 {
                    r.control("br", []);
                }
                r.text([bold(name), roman(" "), roman(rest)]);
            });
        }
    }

    fn verbs(&mut self, command: &Command) -> Result<()> {
        for verb in leaves(command) {
            let usage = usage(&verb);
            // Without the binary's name, which is every one's.
            let words = usage.split_once(' ').map_or("", |(_, rest)| rest);
            self.roff(|r| {
                r.control("SS", [words]);
            });
            self.about(&verb);
            self.options(&verb, &own(&verb))?;
            self.examples(&verb);
        }
        Ok(())
    }

    fn about(&mut self, verb: &Command) {
        let about = verb.get_long_about().or(verb.get_about()).map(ToString::to_string);
        let aliases: Vec<&str> = verb.get_visible_aliases().collect();
        self.roff(|r| {
            for line in about.as_deref().unwrap_or_default().lines() {
                if line.trim().is_empty() {
                    r.control("PP", []);
                } else {
                    r.text([roman(line)]);
                }
            }
            if !aliases.is_empty() {
                r.control("PP", []);
                r.text([roman("Also: "), bold(aliases.join(", ")), roman(".")]);
            }
        });
    }

    /// These options of a command, as `clap_mangen` writes them. Its headings
    /// are sections of a page; here they stand inside one.
    fn options(&mut self, command: &Command, options: &[Arg]) -> Result<()> {
        if options.is_empty() {
            return Ok(());
        }
        let only = Command::new(command.get_name().to_owned())
            .allow_missing_positional(command.is_allow_missing_positional_set())
            .disable_help_flag(true)
            .disable_version_flag(true)
            .args(options);
        let before = self.text.len();
        self.render(|out| Man::new(only).render_options_section(out))?;
        let written = self.text.split_off(before);
        for line in written.lines() {
            if let Some(heading) = line.strip_prefix(".SH ") {
                let heading = heading.trim_matches('"');
                let words = options.iter().filter_map(Arg::get_help_heading);
                // The definition's own words, which the section has in capitals.
                for words in words.filter(|w| w.to_uppercase() == heading).take(1) {
                    self.roff(|r| {
                        r.control("PP", []).text([italic(words), roman(":")]);
                    });
                }
            } else {
                self.text += line;
                self.text.push('\n');
            }
        }
        Ok(())
    }

    /// The commands after `Examples:`, as they are typed; in a page the look of
    /// them says what they are. Then what else is said there.
    fn examples(&mut self, command: &Command) {
        let Some(help) = command.get_after_long_help().or(command.get_after_help()) else {
            return;
        };
        let help = help.to_string();
        self.roff(|r| {
            r.control("PP", []);
            r.control("RS", ["4"]).control("nf", []);
            for line in help.lines().filter(|l| l.starts_with(' ')) {
                r.text([roman(line.trim())]);
            }
            r.control("fi", []).control("RE", []);
        });
        let is_more = |l: &&str| !l.is_empty() && !l.starts_with(' ') && *l != "Examples:";
        for line in help.lines().filter(is_more) {
            self.paragraph(line);
        }
    }

    fn paragraph(&mut self, words: &str) {
        self.roff(|r| {
            r.control("PP", []).text([roman(words)]);
        });
    }

    fn table(&mut self, heading: &str, rows: &[(&str, &str)]) {
        self.heading(heading);
        self.roff(|r| {
            for (word, meaning) in rows {
                r.control("TP", []).text([bold(*word)]).text([roman(*meaning)]);
            }
        });
    }

    fn see_also(&mut self, own: &str) {
        let others = crate::binaries::NAMES.iter().filter(|name| **name != own);
        let pages: Vec<String> = std::iter::once("ovl(7)".to_owned())
            .chain(others.map(|name| format!("{name}(8)")))
            .chain(["ip(8)", "bridge(8)", "nsenter(1)"].map(str::to_owned))
            .collect();
        self.heading("SEE ALSO");
        self.roff(|r| {
            r.text([roman(pages.join(", "))]);
        });
    }
}

/// The commands that are run: verbs, and the verbs of a verb (`gateway add`).
fn leaves(command: &Command) -> Vec<Command> {
    let shown = command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help");
    shown
        .flat_map(|verb| {
            let below = leaves(verb);
            if below.is_empty() { vec![verb.clone()] } else { below }
        })
        .collect()
}

/// `ovl-ns add [OPTIONS] <NAME>...`
fn usage(verb: &Command) -> String {
    let text = verb.clone().render_usage().to_string();
    text.trim_start_matches("Usage: ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn own(verb: &Command) -> Vec<Arg> {
    verb.get_arguments().filter(|a| !a.is_global_set() && !is_builtin(a)).cloned().collect()
}

/// Those that every verb takes; they need no heading of their own in a section
/// of their own.
fn global(command: &Command) -> Vec<Arg> {
    let global = command.get_arguments().filter(|a| a.is_global_set());
    global.map(|a| a.clone().help_heading(None::<&str>)).collect()
}

fn is_builtin(arg: &Arg) -> bool {
    matches!(arg.get_id().as_str(), "help" | "version")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Command {
        let add = Command::new("add")
            .about("Make one")
            .visible_alias("new")
            .arg(Arg::new("name").value_name("NAME").required(true))
            .arg(Arg::new("mtu").long("mtu").help("Bytes").help_heading("Sizes"))
            .after_help("Examples:\n  ovl-x add one\n  .hidden 'quote'");
        Command::new("ovl-x").version("1").about("Does x").subcommand_required(true).subcommand(add)
    }

    #[test]
    fn a_verb_is_a_part_of_its_binarys_page() {
        let page = page(&sample()).unwrap();
        for part in [
            ".TH ovl-x 8",
            "ovl\\-x \\- Does x",
            "\\fBovl\\-x\\fR add [OPTIONS] <NAME>",
            ".SS \"add [OPTIONS] <NAME>\"",
            "Also: \\fBnew\\fR.",
            "\\fISizes\\fR:",
            "ovl\\-x add one",
            ".SH \"SEE ALSO\"",
        ] {
            assert!(page.contains(part), "no {part} in\n{page}");
        }
        assert_eq!(page.matches(".ds Aq").count(), 2, "{page}");
    }

    #[test]
    fn a_line_that_begins_with_a_dot_is_not_a_request() {
        let page = page(&sample()).unwrap();
        assert!(!page.lines().any(|l| l.starts_with(".hidden")), "{page}");
    }

    #[test]
    fn the_same_definition_gives_the_same_page() {
        assert_eq!(page(&sample()).unwrap(), page(&sample()).unwrap());
    }
}
