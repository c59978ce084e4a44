//! `cargo xtask bench start`: what it costs to look at a namespace once, beside
//! `ip -d link show`. The commands take turns, so that a machine that is busy
//! for a while is busy for all of them.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::{Tools, measure, size_of};

/// The first is what the others are held against.
const COMMANDS: [&str; 4] =
    ["ip -d link show", "ovl-vxlan list", "ovl-veth list", "ovl-inspect links self"];

/// Runs of which the peak memory is read: it hardly differs from run to run.
const PEAKS: usize = 11;

/// A command, and what its runs cost.
struct Subject {
    words: &'static str,
    command: Command,
    walls: Vec<Duration>,
    peaks: Vec<u64>,
}

/// A line of the table.
struct Cost {
    words: &'static str,
    least: Duration,
    median: Duration,
    peak: u64,
}

/// Measures, and prints the table.
pub fn run(tools: &Tools, rounds: usize) -> Result<()> {
    let devices = make_devices(tools)?;
    let mut subjects = COMMANDS
        .iter()
        .map(|words| {
            let command = tools.command(words)?;
            Ok(Subject { words, command, walls: Vec::new(), peaks: Vec::new() })
        })
        .collect::<Result<Vec<_>>>()?;
    for subject in &mut subjects {
        // Once, so that no first reading from disk is in the numbers.
        measure::wall(&mut subject.command)?;
        for _ in 0..PEAKS {
            subject.peaks.push(measure::peak(&subject.command)?);
        }
    }
    for _ in 0..rounds {
        for subject in &mut subjects {
            let wall = measure::wall(&mut subject.command)?;
            subject.walls.push(wall);
        }
    }
    let costs = subjects.into_iter().map(cost).collect::<Result<Vec<_>>>()?;
    println!("whole runs over {devices} devices, {rounds} of each, in turn");
    print_table(&costs);
    for name in ["ip", "ovl-vxlan", "ovl-veth", "ovl-inspect"] {
        println!("{name}: {}", size_of(&tools.program(name)?));
    }
    Ok(())
}

/// An overlay's inside with two containers, as on a small host: lo, br0, vxlan0
/// and two veth, whose other ends are in namespaces with names.
fn make_devices(tools: &Tools) -> Result<usize> {
    let lines = [
        "ovl-ns add x1 x2",
        "ovl-vxlan add vxlan0 --vni 256 --bridge br0 --gateway 192.168.10.1/24",
        "ovl-veth add eth0 -n x1 --peer veth0 --ip 192.168.10.100/24 --mac auto --peer-master br0",
        "ovl-veth add eth0 -n x2 --peer veth1 --ip 192.168.10.101/24 --mac auto --peer-master br0",
    ];
    for line in lines {
        tools.must(line)?;
    }
    Ok(std::fs::read_dir("/sys/class/net").map_or(0, Iterator::count))
}

fn cost(mut subject: Subject) -> Result<Cost> {
    Ok(Cost {
        words: subject.words,
        least: *subject.walls.iter().min().context("no run")?,
        median: measure::median(&mut subject.walls).context("no run")?,
        peak: measure::median(&mut subject.peaks).context("no run")?,
    })
}

fn print_table(costs: &[Cost]) {
    let Some(base) = costs.first() else { return };
    println!(
        "{:24} {:>9} {:>9} {:>6} {:>9} {:>6}",
        "", "least", "median", "x ip", "peak RSS", "x ip"
    );
    for cost in costs {
        println!(
            "{:24} {:>6.2} ms {:>6.2} ms {:>6.2} {:>5} KiB {:>6.2}",
            cost.words,
            milliseconds(cost.least),
            milliseconds(cost.median),
            cost.median.as_secs_f64() / base.median.as_secs_f64(),
            cost.peak,
            ratio(cost.peak, base.peak),
        );
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Sizes in KiB are far below 2^52: nothing is lost.
#[allow(clippy::cast_precision_loss)]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b as f64
}
