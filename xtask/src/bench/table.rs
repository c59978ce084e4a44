//! A table of endpoints in each form that a command under measurement reads.
//! Every endpoint is another one and all of it follows from its number, so that
//! each command is given the same rows. Starts nothing.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::{Context, Result};

/// Endpoints behind one VTEP: a host with as many containers.
const A_HOST: u32 = 100;

/// The forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `ip,mac,vtep`: what `ovl-fdb` reads, and the C program.
    Csv,
    /// The same as YAML.
    Yaml,
    /// A `bridge -batch` that adds the FDB rows.
    Batch,
}

/// So many endpoints, the first of them behind other VTEPs than they would be.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// How many.
    pub endpoints: u32,
    /// How many have moved.
    pub moved: u32,
}

/// One of them.
struct Endpoint {
    ip: Ipv4Addr,
    vtep: Ipv4Addr,
}

/// Its MAC address, by Docker's rule.
struct Mac(Ipv4Addr);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0.octets();
        write!(f, "02:42:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
    }
}

impl Table {
    /// Writes it down.
    pub fn write(self, path: &Path, form: Form, dev: &str) -> Result<()> {
        let wrong = || format!("cannot write {}", path.display());
        let mut out = BufWriter::new(File::create(path).with_context(wrong)?);
        if form == Form::Yaml {
            writeln!(out, "network: bench\nendpoints:").with_context(wrong)?;
        }
        for number in 0..self.endpoints {
            let Endpoint { ip, vtep } = self.endpoint(number);
            let mac = Mac(ip);
            match form {
                Form::Csv => writeln!(out, "{ip},{mac},{vtep}"),
                Form::Yaml => writeln!(out, "  - {{ ip: {ip}, mac: {mac}, vtep: {vtep} }}"),
                // The mark and the state that `ovl-fdb` puts on its rows.
                Form::Batch => {
                    writeln!(out, "fdb add {mac} dev {dev} dst {vtep} self extern_learn permanent")
                }
            }
            .with_context(wrong)?;
        }
        out.flush().with_context(wrong)
    }

    fn endpoint(self, number: u32) -> Endpoint {
        // 10/8 for the endpoints; 172.16/12 for the VTEPs, 172.24/13 for the new ones.
        let host = number / A_HOST + 1 + if number < self.moved { 8 << 16 } else { 0 };
        Endpoint {
            ip: Ipv4Addr::from_bits((10 << 24) + number + 2),
            vtep: Ipv4Addr::from_bits((172 << 24) + (16 << 16) + host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_moved_differ_in_nothing_but_the_vtep() {
        let stays = Table { endpoints: 1000, moved: 0 };
        let moved = Table { moved: 100, ..stays };
        for number in 0..1000 {
            let (was, is) = (stays.endpoint(number), moved.endpoint(number));
            assert_eq!(was.ip, is.ip);
            assert_eq!(was.vtep != is.vtep, number < 100);
        }
        assert_eq!(Mac(stays.endpoint(0).ip).to_string(), "02:42:0a:00:00:02");
    }
}
