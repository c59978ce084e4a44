//! `cargo xtask bench machine`: what it costs to read every namespace of a host
//! with hundreds of containers, beside `ip` run in each of them and beside a C
//! program that asks the kernel for as much and does nothing with it.

use std::num::NonZero;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::rounds::{self, Base, Cost, Subject};
use super::{Tools, size_of};

/// Runs of each command where no number is given.
pub const ROUNDS: usize = 11;

/// Runs of which the peak memory is read.
const PEAKS: usize = 3;

/// A bridge takes 1,024 ports (`BR_MAX_PORTS` in `net/bridge/br_private.h`).
const PORTS: usize = 1000;

/// The lines of a batch, on the sandbox's own `/run`.
const LINES: &str = "/run/bench-machine.batch";

/// How long the kernel is waited for at most.
const SETTLING: Duration = Duration::from_secs(5);

/// The lines of the table; the C program's are missing where nothing compiles it.
const IP: usize = 0;
const OURS: usize = 1;
const C: usize = 2;

/// Measures, and prints the table.
pub fn run(tools: &Tools, rounds: usize, namespaces: usize) -> Result<()> {
    make_namespaces(tools, namespaces)?;
    let subject = |words| Ok::<_, anyhow::Error>(Subject::new(words, tools.command(words)?));
    let mut subjects =
        vec![subject("ip -all netns exec ip -d -j link show")?, subject("ovl-inspect snapshot -")?];
    let mut bases = vec![Base { line: IP, head: "x ip" }];
    match tools.compile("machine")? {
        Some(program) => {
            let cpus = thread::available_parallelism().map_or(1, NonZero::get).min(64);
            let mut threaded = Command::new(&program);
            threaded.arg(cpus.to_string());
            subjects.push(Subject::new("machine.c, 1 thread", Command::new(&program)));
            subjects.push(Subject::new(&format!("machine.c, {cpus} threads"), threaded));
            bases.push(Base { line: C, head: "x C" });
        }
        None => println!("cc is not on this machine: nothing compiles machine.c to compare with"),
    }
    let costs = rounds::measure(subjects, rounds, PEAKS)?;
    println!(
        "whole runs over {namespaces} namespaces with a veth each, {rounds} of each, in turn; \
         ip's memory is that of its first process"
    );
    rounds::print_table(&costs, &bases);
    print_verdict(&costs);
    println!("ovl-inspect: {}", size_of(&tools.program("ovl-inspect")?));
    Ok(())
}

/// The two numbers that there are targets for.
fn print_verdict(costs: &[Cost]) {
    let median = |line: usize| costs.get(line).map(|cost| cost.median.as_secs_f64());
    if let (Some(ours), Some(ip)) = (median(OURS), median(IP)) {
        println!("ovl-inspect snapshot takes ip's time divided by {:.1} (target: 25)", ip / ours);
    }
    if let (Some(ours), Some(c)) = (median(OURS), median(C)) {
        println!("and {:.1} times that of machine.c with 1 thread (target: 3)", ours / c);
    }
}

/// Namespaces as containers have them: an `eth0` with an address and a default
/// route, the other end of its cable a port of a bridge in the sandbox's own
/// namespace. They end with the sandbox.
fn make_namespaces(tools: &Tools, count: usize) -> Result<()> {
    ensure!((1..=PORTS * 16).contains(&count), "--namespaces is from 1 to {}", PORTS * 16);
    let containers: Vec<Container> = (0..count).map(Container::numbered).collect();
    let mut lines = String::from("link set lo up\n");
    for container in &containers {
        lines += &container.outside();
    }
    batch(tools, "ip", &lines)?;
    // `ip` takes no namespace inside a batch: the insides are one batch each.
    for container in &containers {
        batch(tools, &format!("ip -n {}", container.name), &container.inside())?;
    }
    containers.last().map_or(Ok(()), |last| settle(tools, last))
}

/// A namespace to make: its name, and its place on its bridge.
struct Container {
    name: String,
    bridge: usize,
    port: usize,
}

impl Container {
    fn numbered(i: usize) -> Container {
        Container { name: format!("c{i}"), bridge: i / PORTS, port: i % PORTS }
    }

    /// Its lines in the sandbox's own namespace; the first on a bridge makes that.
    fn outside(&self) -> String {
        let Container { name, bridge, port } = self;
        let cable = format!(
            "netns add {name}\n\
             link add veth{name} master br{bridge} up type veth peer name eth0 netns {name}\n"
        );
        let gateway = self.gateway();
        match port {
            0 => format!(
                "link add br{bridge} type bridge\n\
                 addr add {gateway}/22 dev br{bridge}\n\
                 link set br{bridge} up\n{cable}"
            ),
            _ => cable,
        }
    }

    fn inside(&self) -> String {
        // The first two addresses of the network are its own and the gateway's.
        let (net, host) = (self.bridge * 4 + (self.port + 2) / 256, (self.port + 2) % 256);
        format!(
            "link set lo up\n\
             addr add 10.0.{net}.{host}/22 dev eth0\n\
             link set eth0 up\n\
             route add default via {}\n",
            self.gateway()
        )
    }

    fn gateway(&self) -> String {
        format!("10.0.{}.1", self.bridge * 4)
    }
}

/// Runs lines by `ip -batch`.
fn batch(tools: &Tools, ip: &str, lines: &str) -> Result<()> {
    std::fs::write(LINES, lines).with_context(|| format!("cannot write {LINES}"))?;
    tools.must(&format!("{ip} -batch {LINES}"))
}

/// Waits until the last device made has its link-local address for good: after
/// that the kernel changes nothing of its own accord.
fn settle(tools: &Tools, last: &Container) -> Result<()> {
    let words = format!("ip -n {} -6 -o addr show dev eth0", last.name);
    let patience = Instant::now();
    while patience.elapsed() < SETTLING {
        let said = tools.command(&words)?.output()?.stdout;
        let said = String::from_utf8_lossy(&said);
        // Without IPv6 there is nothing to wait for but the bridge's ports.
        if !said.is_empty() && !said.contains("tentative") {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
