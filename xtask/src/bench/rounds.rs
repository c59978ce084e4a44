//! Commands measured in turn, so that a machine that is busy for a while is busy
//! for all of them, and the table of what they cost beside each other.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::measure;

/// What is done before each run of a command, outside what is measured.
type Before<'b> = Box<dyn Fn() -> Result<()> + 'b>;

/// A command to measure, and what the table calls it.
pub struct Subject<'b> {
    label: String,
    command: Command,
    before: Before<'b>,
    walls: Vec<Duration>,
    peaks: Vec<u64>,
}

impl<'b> Subject<'b> {
    /// Not measured yet; nothing needs to be done before a run.
    pub fn new(label: &str, command: Command) -> Subject<'b> {
        let (label, before) = (label.to_owned(), Box::new(|| Ok(())));
        Subject { label, command, before, walls: Vec::new(), peaks: Vec::new() }
    }

    /// One that changes what it works on: `before` makes that anew for each run.
    pub fn after(self, before: impl Fn() -> Result<()> + 'b) -> Subject<'b> {
        Subject { before: Box::new(before), ..self }
    }

    fn wall(&mut self) -> Result<Duration> {
        (self.before)()?;
        measure::wall(&mut self.command)
    }

    fn peak(&self) -> Result<u64> {
        (self.before)()?;
        measure::peak(&self.command)
    }
}

/// What the runs of a command cost: a line of the table.
pub struct Cost {
    label: String,
    least: Duration,
    /// The middle one of its runs.
    pub median: Duration,
    most: Duration,
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
pub fn measure(mut subjects: Vec<Subject<'_>>, rounds: usize, peaks: usize) -> Result<Vec<Cost>> {
    for subject in &mut subjects {
        // Once, so that no first reading from disk is in the numbers.
        subject.wall()?;
        for _ in 0..peaks {
            let peak = subject.peak()?;
            subject.peaks.push(peak);
        }
    }
    for _ in 0..rounds {
        for subject in &mut subjects {
            let wall = subject.wall()?;
            subject.walls.push(wall);
        }
    }
    subjects.into_iter().map(cost).collect()
}

fn cost(mut subject: Subject<'_>) -> Result<Cost> {
    Ok(Cost {
        label: subject.label,
        least: *subject.walls.iter().min().context("no run")?,
        most: *subject.walls.iter().max().context("no run")?,
        median: measure::median(&mut subject.walls).context("no run")?,
        peak: measure::median(&mut subject.peaks).context("no run")?,
    })
}

/// Prints the table, with a column for each base.
pub fn print_table(costs: &[Cost], bases: &[Base]) {
    let width = costs.iter().map(|cost| cost.label.len()).max().unwrap_or_default();
    let heads: String = bases.iter().map(|base| format!(" {:>6}", base.head)).collect();
    println!(
        "{:width$} {:>10} {:>10} {:>10}{heads} {:>10}{heads}",
        "", "least", "median", "most", "peak RSS"
    );
    for cost in costs {
        let against = |of: fn(&Cost) -> f64| -> String {
            let ratios = bases.iter().filter_map(|base| Some(of(cost) / of(costs.get(base.line)?)));
            ratios.map(|ratio| format!(" {ratio:>6.2}")).collect()
        };
        println!(
            "{:width$} {:>7.2} ms {:>7.2} ms {:>7.2} ms{} {:>6} KiB{}",
            cost.label,
            milliseconds(cost.least),
            milliseconds(cost.median),
            milliseconds(cost.most),
            against(|cost| cost.median.as_secs_f64()),
            cost.peak,
            against(kibibytes),
        );
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The most memory it held. Sizes in KiB are far below 2^52: nothing is lost.
#[allow(clippy::cast_precision_loss)]
pub fn kibibytes(cost: &Cost) -> f64 {
    cost.peak as f64
}
