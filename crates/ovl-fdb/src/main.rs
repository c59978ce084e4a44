//! The ovl-fdb binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    ovl_fdb::main()
}
