//! The ovl-veth binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    ovl_veth::main()
}
