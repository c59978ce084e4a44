//! `cargo xtask tidy`: what holds in this repository and no compiler looks at.
//! Cheap: it reads each file once, and says what is wrong where.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

/// The longest a source file may be: it should be read in one go.
const LINES: usize = 600;

/// The one file that may do what the compiler cannot check.
const RAW: &str = "crates/ovl-core/src/syscall.rs";

/// How a file would let itself do it; in two parts, or this file would be found.
const ALLOWED: &str = concat!("allow(", "unsafe_code");

/// And attributes that need it.
const ATTRIBUTE: &str = concat!("#[", "unsafe(");

/// Folders that are not ours to check, wherever they are.
const SKIPPED: [&str; 3] = [".git", "target", "completions"];

/// One text file, its path from the workspace's folder.
struct File<'a> {
    path: &'a str,
    text: &'a str,
}

/// Checks everything; prints what is wrong.
pub fn run() -> Result<ExitCode> {
    let root = crate::root()?;
    let mut paths = Vec::new();
    collect(&root, &mut paths)?;
    paths.sort();
    let mut wrong = Vec::new();
    for path in &paths {
        // What is not text is not looked at.
        let Ok(text) = fs::read_to_string(path) else {
            continue;
        };
        let short = path.strip_prefix(&root)?.to_string_lossy();
        let file = File { path: &short, text: &text };
        wrong.extend(check(&file));
        wrong.extend(broken_links(&file, &root));
        wrong.extend(shell_syntax(&file, path)?);
    }
    for line in &wrong {
        println!("{line}");
    }
    println!("tidy: {} files, {} findings", paths.len(), wrong.len());
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && !SKIPPED.iter().any(|name| entry.file_name() == *name) {
            collect(&entry.path(), paths)?;
        } else if kind.is_file() {
            paths.push(entry.path());
        }
    }
    Ok(())
}

/// All that can be told from the text alone.
fn check(file: &File) -> Vec<String> {
    let mut wrong = Vec::new();
    let say = |line: usize, what: &str| format!("{}:{line}: {what}", file.path);
    for (number, line) in (1..).zip(file.text.lines()) {
        if line.ends_with([' ', '\t']) {
            wrong.push(say(number, "white space at the end of the line"));
        }
        if !is(file, "rs") {
            continue;
        }
        if is_raw(line) && file.path != RAW {
            wrong.push(say(number, &format!("unchecked code is in {RAW} only")));
        }
        if is_print(line) && !may_print(file.path) {
            wrong.push(say(number, "only render.rs, output.rs and views/ print"));
        }
    }
    let lines = file.text.lines().count();
    if (is(file, "rs") || is(file, "sh")) && lines > LINES {
        wrong
            .push(say(lines, &format!("{lines} lines, {LINES} at most: split it by what it does")));
    }
    if is(file, "rs") && !file.text.starts_with("//!") {
        wrong.push(say(1, "the first line says what the file is for: //! ..."));
    }
    wrong
}

fn is(file: &File, extension: &str) -> bool {
    Path::new(file.path).extension().is_some_and(|e| e == extension)
}

/// Does a line of Rust do, or allow, what the compiler does not check? Not one
/// that only speaks of it.
fn is_raw(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let words: Vec<&str> = code.split_whitespace().collect();
    let opens = |next: &str| ["{", "fn", "impl", "trait", "extern"].contains(&next);
    let block = words.windows(2).any(|w| w[0].ends_with("unsafe") && opens(w[1]));
    block || code.contains(ALLOWED) || code.contains(ATTRIBUTE)
}

/// Does a line of Rust print to standard output?
fn is_print(line: &str) -> bool {
    let code = line.trim_start();
    ["println!(", "print!("].iter().any(|word| code.starts_with(word))
}

/// May this file print? Tasks and tests are read by people who started them.
fn may_print(path: &str) -> bool {
    let path = Path::new(path);
    path.starts_with("xtask")
        || path.starts_with("tests")
        || path.components().any(|c| c.as_os_str() == "views" || c.as_os_str() == "tests")
        || path.file_name().is_some_and(|name| name == "render.rs" || name == "output.rs")
}

/// Links of a Markdown file to files that are not there.
fn broken_links(file: &File, root: &Path) -> Vec<String> {
    if !is(file, "md") {
        return Vec::new();
    }
    let folder = root.join(file.path).parent().map(Path::to_owned).unwrap_or_default();
    let broken = links(file.text).into_iter().filter(|(_, target)| !folder.join(target).exists());
    broken.map(|(line, target)| format!("{}:{line}: no file {target}", file.path)).collect()
}

/// The files that a Markdown text links to, with their lines; not what stands
/// in blocks of code.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for part in line.split("](").skip(1) {
            let target = part.split([')', '#']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") {
                found.push((number, target));
            }
        }
    }
    found
}

/// What the script's own shell says of its syntax.
fn shell_syntax(file: &File, path: &Path) -> Result<Vec<String>> {
    let Some(shell) = shell_of(file.text) else {
        return Ok(Vec::new());
    };
    let output = Command::new(shell)
        .arg("-n")
        .arg(path)
        .output()
        .with_context(|| format!("cannot start {shell} for {}", file.path))?;
    if output.status.success() {
        return Ok(Vec::new());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Ok(said.lines().map(|line| format!("{}: {line}", file.path)).collect())
}

/// The shell that a script's first line names.
fn shell_of(text: &str) -> Option<&'static str> {
    let program = text.lines().next()?.strip_prefix("#!")?.rsplit(['/', ' ']).next()?;
    ["sh", "bash"].into_iter().find(|shell| *shell == program)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> usize {
        check(&File { path, text }).len()
    }

    #[test]
    fn a_source_file_says_what_it_is_for() {
        assert_eq!(findings("a.rs", "//! A.\n"), 0);
        assert_eq!(findings("a.rs", "use b;\n"), 1);
        assert_eq!(findings("a.md", "use b;\n"), 0);
    }

    #[test]
    fn long_files_are_named() {
        let text = format!("//! A.\n{}", "\n".repeat(LINES));
        assert_eq!(findings("a.rs", &text), 1);
    }

    #[test]
    fn unchecked_code_is_told_from_talk_about_it() {
        assert!(is_raw(concat!("let x = uns", "afe { y };")));
        assert!(is_raw(concat!("pub uns", "afe fn f() {}")));
        assert!(!is_raw("// never unsafe { }"));
        assert!(!is_raw("let unsafe_words = 1;"));
    }

    #[test]
    fn printing_has_its_places() {
        let text = "//! A.\n    println!(\"x\");\n";
        assert_eq!(findings("crates/a/src/want.rs", text), 1);
        assert_eq!(findings("crates/a/src/render.rs", text), 0);
        assert_eq!(findings("crates/a/src/views/tree.rs", text), 0);
        assert_eq!(findings("crates/a/src/want.rs", "//! A.\neprintln!(\"x\");\n"), 0);
    }

    #[test]
    fn links_are_found_outside_code() {
        let text = "[a](b.md#c) [d](https://e) [f](#g)\n```\n[h](i)\n```\n[j](k)";
        assert_eq!(links(text), [(1, "b.md"), (5, "k")]);
    }

    #[test]
    fn the_first_line_names_the_shell() {
        assert_eq!(shell_of("#!/bin/sh\n"), Some("sh"));
        assert_eq!(shell_of("#!/usr/bin/env bash\n"), Some("bash"));
        assert_eq!(shell_of("#compdef x\n"), None);
        assert_eq!(shell_of("#!/usr/bin/python3\n"), None);
    }
}
