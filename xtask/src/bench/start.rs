//! `cargo xtask bench start`: what it costs to look at a namespace once, beside
//! `ip -d link show`.

use anyhow::Result;

use super::rounds::{self, Base, Subject};
use super::{Tools, size_of};

/// The first is what the others are held against.
const COMMANDS: [&str; 4] =
    ["ip -d link show", "ovl-vxlan list", "ovl-veth list", "ovl-inspect links self"];

/// Runs of each command where no number is given.
pub const ROUNDS: usize = 200;

/// Runs of which the peak memory is read.
const PEAKS: usize = 11;

/// Measures, and prints the table.
pub fn run(tools: &Tools, rounds: usize) -> Result<()> {
    let devices = make_devices(tools)?;
    let subjects = COMMANDS.iter().map(|words| Ok(Subject::new(words, tools.command(words)?)));
    let costs = rounds::measure(subjects.collect::<Result<_>>()?, rounds, PEAKS)?;
    println!("whole runs over {devices} devices, {rounds} of each, in turn");
    rounds::print_table(&costs, &[Base { line: 0, head: "x ip" }]);
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
