//! `bridge monitor fdb` beside a command: how many rows that command changed, as
//! someone else sees it. A row of our own, written before and deleted after, says
//! when the monitor has begun to listen and when it has told everything.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Tools;

/// The MAC address of the row that is ours.
const MARK: &str = "02:ff:ff:ff:ff:01";

/// How long it is waited for at most.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it is waited before the row is written again.
const AGAIN: Duration = Duration::from_millis(100);

/// A monitor that listens. It ends with this value.
pub struct Monitor {
    child: Child,
    lines: Receiver<String>,
    dev: &'static str,
}

impl Monitor {
    /// Starts it, and waits until it hears of a row.
    pub fn start(tools: &Tools, dev: &'static str) -> Result<Monitor> {
        let mut command = tools.command("bridge monitor fdb")?;
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let pipe = BufReader::new(child.stdout.take().context("no pipe")?);
        let (sender, lines) = channel();
        // It ends with the pipe, which ends with the monitor.
        thread::spawn(move || pipe.lines().map_while(Result::ok).try_for_each(|l| sender.send(l)));
        let monitor = Monitor { child, lines, dev };
        let begun = Instant::now();
        loop {
            // Each time to another VTEP: a row that stands already is no change.
            let vtep = begun.elapsed().as_millis() % 250 + 1;
            tools.must(&format!("bridge fdb replace {MARK} dev {dev} dst 192.0.2.{vtep} self"))?;
            if monitor.lines.recv_timeout(AGAIN).is_ok_and(|line| line.contains(MARK)) {
                return Ok(monitor);
            }
            ensure!(begun.elapsed() < PATIENCE, "bridge monitor hears nothing");
        }
    }

    /// The changes it has told of until now, not counting those of our own row.
    pub fn count(self, tools: &Tools) -> Result<usize> {
        tools.must(&format!("bridge fdb del {MARK} dev {} self", self.dev))?;
        let mut count = 0;
        loop {
            let line = self.lines.recv_timeout(PATIENCE).context("bridge monitor says no more")?;
            match line.contains(MARK) {
                true if line.starts_with("Deleted") => return Ok(count),
                true => {}
                false => count += 1,
            }
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
