//! The ovl-ns binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    ovl_ns::main()
}
