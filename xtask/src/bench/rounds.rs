//! Commands measured in turn, so that a machine that is busy for a while is busy
//! for all of them, and the table of what they cost beside each other.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::measure;

/// A command to measure, and what the table calls it.
pub struct Subject {
    label: String,
    command: Command,
    walls: Vec<Duration>,
    peaks: Vec<u64>,
}

impl Subject {
    /// Not measured yet.
    pub fn new(label: &str, command: Command) -> Subject {
        Subject { label: label.to_owned(), command, walls: Vec::new(), peaks: Vec::new() }
    }
}

/// What the runs of a command cost: a line of the table.
pub struct Cost {
    label: String,
    least: Duration,
    /// The middle one of its runs.
    pub median: Duration,
    peak: u64,
}

/// A line that the others are held against, and the head of its columns.
#[derive(Debug, Clone, Copy)]
pub struct Base {
    /// The number of the line.
    pub line: usize,
    /// The head of its columns.
    pub head: &'static str,
}

/// Runs the commands in turn, `rounds` times each; the peak memory, which hardly
/// differs from run to run, is read `peaks` times before.
pub fn measure(mut subjects: Vec<Subject>, rounds: usize, peaks: usize) -> Result<Vec<Cost>> {
    for subject in &mut subjects {
        // Once, so that no first reading from disk is in the numbers.
        measure::wall(&mut subject.command)?;
        for _ in 0..peaks {
            subject.peaks.push(measure::peak(&subject.command)?);
        }
    }
    for _ in 0..rounds {
        for subject in &mut subjects {
            let wall = measure::wall(&mut subject.command)?;
            subject.walls.push(wall);
        }
    }
    subjects.into_iter().map(cost).collect()
}

fn cost(mut subject: Subject) -> Result<Cost> {
    Ok(Cost {
        label: subject.label,
        least: *subject.walls.iter().min().context("no run")?,
        median: measure::median(&mut subject.walls).context("no run")?,
        peak: measure::median(&mut subject.peaks).context("no run")?,
    })
}

/// Prints the table, with a column for each base.
pub fn print_table(costs: &[Cost], bases: &[Base]) {
    let width = costs.iter().map(|cost| cost.label.len()).max().unwrap_or_default();
    let heads: String = bases.iter().map(|base| format!(" {:>6}", base.head)).collect();
    println!("{:width$} {:>10} {:>10}{heads} {:>9}{heads}", "", "least", "median", "peak RSS");
    for cost in costs {
        let against = |of: fn(&Cost) -> f64| -> String {
            let ratios = bases.iter().filter_map(|base| Some(of(cost) / of(costs.get(base.line)?)));
            ratios.map(|ratio| format!(" {ratio:>6.2}")).collect()
        };
        println!(
            "{:width$} {:>7.2} ms {:>7.2} ms{} {:>5} KiB{}",
            cost.label,
            milliseconds(cost.least),
            milliseconds(cost.median),
            against(|cost| cost.median.as_secs_f64()),
            cost.peak,
            against(kibibytes),
        );
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Sizes in KiB are far below 2^52: nothing is lost.
#[allow(clippy::cast_precision_loss)]
fn kibibytes(cost: &Cost) -> f64 {
    cost.peak as f64
}
