//! What is asked of a measured number, and whether it is so.

/// A number, and what it should be.
pub struct Goal {
    /// What was measured.
    pub what: &'static str,
    /// The number.
    pub value: f64,
    /// What it should be.
    pub bound: Bound,
}

/// What a number should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// That or more.
    AtLeast(f64),
    /// That or less.
    AtMost(f64),
    /// Less than that.
    Under(f64),
    /// Exactly that.
    Just(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Bound::AtLeast(least) => value >= least,
            Bound::AtMost(most) => value <= most,
            Bound::Under(end) => value < end,
            Bound::Just(wanted) => (value - wanted).abs() < 0.5,
        }
    }

    fn words(self) -> String {
        match self {
            Bound::AtLeast(least) => format!("at least {least}"),
            Bound::AtMost(most) => format!("at most {most}"),
            Bound::Under(end) => format!("under {end}"),
            Bound::Just(wanted) => format!("{wanted}"),
        }
    }
}

/// Prints a line for each.
pub fn print(goals: &[Goal]) {
    let width = goals.iter().map(|goal| goal.what.len()).max().unwrap_or_default();
    println!("{:width$} {:>9}  {:<14} ", "", "measured", "target");
    for Goal { what, value, bound } in goals {
        let is_met = if bound.holds(*value) { "met" } else { "MISSED" };
        println!("{what:width$} {value:>9.2}  {:<14} {is_met}", bound.words());
    }
}

#[cfg(test)]
mod tests {
    use super::Bound;

    #[test]
    fn a_bound_holds_at_its_end_unless_it_says_under() {
        assert!(Bound::AtLeast(4.0).holds(4.0) && Bound::AtMost(2.5).holds(2.5));
        assert!(!Bound::Under(150.0).holds(150.0));
        assert!(Bound::Just(100.0).holds(100.0) && !Bound::Just(100.0).holds(101.0));
    }
}
