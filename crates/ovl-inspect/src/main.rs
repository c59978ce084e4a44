//! The ovl-inspect binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    ovl_inspect::main()
}
