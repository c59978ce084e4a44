//! What is seen of rows on their way: a progress bar on a terminal, and each row
//! that was refused, by the line of the table it came from.

use std::collections::HashMap;
use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use ovl_cli::apply::Onlooker;
use ovl_cli::{Context, Error, output};
use ovl_core::error::KernelError;
use ovl_core::hash::Set;
use ovl_core::row::RowSpec;
use ovl_core::types::MacAddr;
use ovl_endpoints::Place;

use crate::cli::Who;
use crate::diff::Wanted;
use crate::wanted::Wish;

/// Rows below which nobody needs to be told how far it is.
const MANY: usize = 10_000;

/// A progress bar on a terminal, and the refusals of `--keep-going`.
pub struct Progress<'w> {
    context: &'w Context,
    keep_going: bool,
    wish: &'w Wish,
    bar: Option<ProgressBar>,
    refused: usize,
    /// Endpoints that were refused, in part or as a whole.
    endpoints: Set<MacAddr>,
    last: Option<Place>,
    places: HashMap<Who, Place>,
}

impl<'w> Progress<'w> {
    /// Of the rows that a wish comes to.
    pub fn new(context: &'w Context, keep_going: bool, wish: &'w Wish) -> Progress<'w> {
        let many = wish.wanted.len() >= MANY;
        let shown = many && !context.flags.quiet && std::io::stderr().is_terminal();
        let bar = shown.then(|| {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rows  {per_sec}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let (refused, last, places) = (0, None, HashMap::new());
        let endpoints = Set::default();
        Progress { context, keep_going, wish, bar, refused, endpoints, last, places }
    }

    /// Where the table has an endpoint: looked up for one, listed for many.
    pub fn place(&mut self, who: Who) -> Place {
        let each = self.wish.wanted.iter().zip(&self.wish.places);
        if !self.keep_going {
            let is_it = |wanted: &Wanted| {
                wanted.ip.map(Who::Ip) == Some(who) || Who::Mac(wanted.mac) == who
            };
            return each.clone().find(|(w, _)| is_it(w)).map(|(_, p)| *p).unwrap_or_default();
        }
        if self.places.is_empty() {
            for (wanted, place) in each {
                self.places.entry(Who::Mac(wanted.mac)).or_insert(*place);
                if let Some(ip) = wanted.ip {
                    self.places.insert(Who::Ip(ip), *place);
                }
            }
        }
        self.places.get(&who).copied().unwrap_or_default()
    }

    /// Says something beside the bar.
    pub fn say(&self, line: &str) {
        output::note(&format!("{}: {line}", self.context.tool));
    }

    /// How many endpoints were refused, in part or as a whole.
    pub fn endpoints_refused(&self) -> usize {
        self.endpoints.len()
    }

    /// Takes the bar away; says how many rows were refused.
    pub fn finish(&mut self) -> usize {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.refused
    }

    /// Names the line of the row that ended the run.
    pub fn with_place(&self, mut error: Error) -> Error {
        if let Some(place) = self.last.filter(|place| *place != Place::Unknown) {
            error.message = format!("{place}: {}", error.message);
        }
        error
    }
}

impl Onlooker for Progress<'_> {
    fn through(&mut self, rows: usize, of: usize) {
        if let Some(bar) = &self.bar {
            bar.set_length(of as u64);
            bar.set_position(rows as u64);
        }
    }

    fn refused(&mut self, row: &RowSpec, why: &KernelError) -> bool {
        if !self.keep_going && self.last.is_some() {
            return false;
        }
        let (who, mac) = match row {
            RowSpec::Neigh(row) => (Who::Ip(row.ip), row.mac),
            RowSpec::Fdb(row) => (Who::Mac(row.mac), row.mac),
        };
        let place = self.place(who);
        self.last = Some(place);
        if self.keep_going {
            self.refused += 1;
            self.endpoints.insert(mac);
            let line = if place == Place::Unknown { String::new() } else { format!("{place}: ") };
            self.say(&format!("{line}{row} was refused: {why}"));
        }
        self.keep_going
    }
}
