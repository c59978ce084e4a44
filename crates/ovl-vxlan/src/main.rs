//! The ovl-vxlan binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    ovl_vxlan::main()
}
