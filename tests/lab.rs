//! A shell inside the sandbox: runs scripts with the binaries under test first
//! in `PATH`, and holds their exit codes and words against what was expected.

use std::env;
use std::fmt;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::sandbox;

/// Where scripts run and leave files: on the sandbox's own `/run`.
pub const FOLDER: &str = "/run/lab";

/// How long [`Lab::eventually`] waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a script did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Exit code, 128 and the number for a signal.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Why a test did not run: what this machine or kernel lacks.
#[derive(Debug)]
pub struct Skip(pub String);

/// The sandbox as a test sees it.
#[derive(Debug)]
pub struct Lab {
    binaries: PathBuf,
}

/// A process in the background, ended when this value goes.
#[derive(Debug)]
pub struct Background(Child);

impl Lab {
    /// Inside a sandbox: `lo` is brought up, the folder made.
    pub fn new() -> Result<Lab> {
        let lab = Lab { binaries: binaries()? };
        fs::create_dir_all(FOLDER).with_context(|| format!("cannot make {FOLDER}"))?;
        lab.ok("ip link set lo up")?;
        Ok(lab)
    }

    /// Runs a script (`sh -eu`), whatever comes of it.
    pub fn run(&self, script: &str) -> Result<Output> {
        let output = self.shell(script).output().context("cannot run sh")?;
        Ok(Output {
            code: sandbox::exit_code(output.status),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs a script that must succeed; gives its standard output.
    pub fn ok(&self, script: &str) -> Result<String> {
        let output = self.run(script)?;
        ensure!(output.code == 0, "`{script}` failed\n{output}");
        Ok(output.stdout)
    }

    /// Runs a command that must succeed and print JSON.
    pub fn json(&self, script: &str) -> Result<Value> {
        let text = self.ok(script)?;
        serde_json::from_str(&text).with_context(|| format!("`{script}` printed no JSON:\n{text}"))
    }

    /// Runs a command of ours that must end with this code and say why, in our
    /// form: `ovl-thing: sentence`. Gives its standard error.
    pub fn fails(&self, script: &str, code: i32) -> Result<String> {
        let output = self.run(script)?;
        ensure!(output.code == code, "`{script}` was to exit with {code}\n{output}");
        let said = &output.stderr;
        ensure!(!said.contains("panicked"), "`{script}` panicked\n{output}");
        let tool = script.split_whitespace().find(|w| w.starts_with("ovl-")).unwrap_or("ovl-");
        ensure!(
            said.starts_with(&format!("{tool}: ")),
            "`{script}` does not say '{tool}: ...'\n{output}"
        );
        Ok(output.stderr)
    }

    /// As [`Lab::fails`], and each of `words` is in what it says.
    pub fn refuses(&self, script: &str, code: i32, words: &[&str]) -> Result<()> {
        let said = self.fails(script, code)?;
        for word in words {
            ensure!(said.contains(word), "`{script}` does not say '{word}':\n{said}");
        }
        Ok(())
    }

    /// One device as `ip -j -d link` has it.
    pub fn link(&self, netns: &str, name: &str) -> Result<Value> {
        let links = self.json(&format!("{} -j -d -s addr show dev {name}", ip(netns)))?;
        Ok(links[0].clone())
    }

    /// The kernel's attributes of a VXLAN device as `ip` has them.
    pub fn vxlan(&self, netns: &str, name: &str) -> Result<Value> {
        let link = self.link(netns, name)?;
        ensure!(link["linkinfo"]["info_kind"] == "vxlan", "{name} is not a VXLAN device: {link}");
        Ok(link["linkinfo"]["info_data"].clone())
    }

    /// Is there a device of that name?
    pub fn has_link(&self, netns: &str, name: &str) -> Result<bool> {
        Ok(self.run(&format!("{} link show dev {name}", ip(netns)))?.code == 0)
    }

    /// Starts a script in the background; it replaces its shell when it says `exec`.
    pub fn background(&self, script: &str) -> Result<Background> {
        // What is ignored stays so, and whoever runs the tests may ignore some.
        let mut shell = self.started_by(&["env", "--default-signal=INT,TERM,HUP"], script);
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        Ok(Background(shell.spawn().context("cannot run sh")?))
    }

    /// Asks again and again until the answer is yes.
    pub fn eventually(&self, what: &str, mut is: impl FnMut(&Lab) -> Result<bool>) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while !is(self)? {
            if Instant::now() > end {
                bail!("still not so after {} s: {what}", PATIENCE.as_secs());
            }
            sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Two hosts on an underlay, made with `ip` alone: namespaces h1 and h2, a
    /// cable between their eth0, 192.168.1.4 and 192.168.1.5.
    pub fn two_hosts(&self) -> Result<()> {
        self.ok("ip netns add h1; ip netns add h2
            ip -n h1 link set lo up; ip -n h2 link set lo up
            ip -n h1 link add eth0 type veth peer name eth0 netns h2
            ip -n h1 addr add 192.168.1.4/24 dev eth0; ip -n h1 link set eth0 up
            ip -n h2 addr add 192.168.1.5/24 dev eth0; ip -n h2 link set eth0 up")?;
        Ok(())
    }

    /// An overlay namespace ov1 with br0 and vxlan0 (VNI 256, socket in h1),
    /// made with `ip` alone, as Docker makes it.
    pub fn overlay(&self) -> Result<()> {
        self.two_hosts()?;
        self.ok("ip netns add ov1; ip -n ov1 link set lo up
            ip -n ov1 link add br0 type bridge
            ip -n ov1 addr add 192.168.10.1/24 dev br0; ip -n ov1 link set br0 up
            ip -n h1 link add vxlan0 mtu 1450 netns ov1 type vxlan id 256 dstport 4789 proxy l2miss l3miss
            ip -n ov1 link set vxlan0 master br0 up")?;
        Ok(())
    }

    fn shell(&self, script: &str) -> Command {
        self.started_by(&[], script)
    }

    /// A shell for a script, which another command becomes.
    fn started_by(&self, by: &[&str], script: &str) -> Command {
        let mut path = self.binaries.clone().into_os_string();
        path.push(":");
        path.push(sandbox::search_path());
        let words = [by, &["sh", "-euc", script]].concat();
        let mut shell = Command::new(words[0]);
        shell.args(&words[1..]).current_dir(FOLDER).env("PATH", path).stdin(Stdio::null());
        // Words and columns as written here, whatever the machine's language is.
        shell.env("LC_ALL", "C").env("HOME", FOLDER).env_remove(sandbox::MARK);
        for name in ["OVL_FAULT", "OVL_NETNS_PATH", "OVL_RECORD", "DOCKER_HOST", "NO_COLOR"] {
            shell.env_remove(name);
        }
        shell
    }
}

impl Background {
    /// Its process number inside the sandbox.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Waits for its end; gives the exit code, `None` when a signal has killed it: the
    /// shell has one number for both.
    pub fn ended(mut self) -> Result<Option<i32>> {
        Ok(self.0.wait()?.code())
    }

    /// Waits for its end; gives the exit code.
    pub fn wait(mut self) -> Result<i32> {
        Ok(sandbox::exit_code(self.0.wait()?))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit {}\nstdout:\n{}\nstderr:\n{}", self.code, self.stdout, self.stderr)
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Skip {}

/// `ip` in a namespace; `self` is the sandbox's own.
pub fn ip(netns: &str) -> String {
    if netns == "self" { "ip".into() } else { format!("ip -n {netns}") }
}

/// Is a device up, by what `ip -j` printed of it?
pub fn is_up(link: &Value) -> bool {
    link["flags"].as_array().is_some_and(|f| f.contains(&"UP".into()))
}

/// One key of each object of an array, where it is text.
pub fn column<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    list.as_array().into_iter().flatten().filter_map(|row| row[key].as_str()).collect()
}

/// Skips the test that runs.
pub fn skip<T>(why: impl Into<String>) -> Result<T> {
    Err(Skip(why.into()).into())
}

/// The folder of the binaries under test: that of this test's profile.
pub fn binaries() -> Result<PathBuf> {
    let test = env::current_exe().context("cannot tell which program this is")?;
    let folder = test.parent().and_then(Path::parent).context("the test binary has no folder")?;
    for name in ["ovl-ns", "ovl-vxlan", "ovl-veth", "ovl-fdb", "ovl-inspect"] {
        ensure!(
            folder.join(name).is_file(),
            "{name} is not in {}: run `cargo test` at the workspace root, which builds the binaries",
            folder.display()
        );
    }
    Ok(folder.to_owned())
}
