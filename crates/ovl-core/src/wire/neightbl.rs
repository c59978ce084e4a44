//! The kernel's two neighbour tables, IPv4's and IPv6's: how long they are, and
//! which devices have rows in them. Of the many attributes of these messages three
//! are read, and no others are taken apart: with hundreds of namespaces a message
//! comes for each device of each.

use netlink_packet_core::{DecodeError, NlasIterator};

use super::{family, number, rtm, unreadable};
use crate::error::Fail;
use crate::socket::Message;

/// `struct ndtmsg` is 4 bytes.
const NDTMSG: usize = 4;

/// `NDTA_*` and, inside `NDTA_PARMS`, `NDTPA_*` attributes
/// (include/uapi/linux/neighbour.h).
const NDTA_CONFIG: u16 = 5;
const NDTA_PARMS: u16 = 6;
const NDTPA_IFINDEX: u16 = 1;
const NDTPA_REFCNT: u16 = 2;

/// Where `ndtc_hash_mask` is in `struct ndt_config`.
const HASH_MASK: usize = 20;

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeighTable {
    /// Of a table, which all namespaces share.
    Shared {
        /// How many chains its hash has.
        chains: u32,
    },
    /// Of a device of the namespace.
    Device {
        /// How many rows it has in this table, those that are going away among them.
        rows: u32,
    },
}

/// Asks for one family's table, and for each of a namespace's devices in it.
pub fn list(v4: bool) -> Message {
    Message { kind: rtm::GETNEIGHTBL, flags: 0, body: vec![family(v4).into(), 0, 0, 0] }
}

/// Reads a message; `None` where it says neither, or is of the other family.
pub fn parse(v4: bool, body: &[u8]) -> Result<Option<NeighTable>, Fail> {
    let Some((head, attributes)) = body.split_at_checked(NDTMSG) else {
        return Err(Fail::Unreadable("a cut-off neighbour table message".into()));
    };
    if head[0] != u8::from(family(v4)) {
        return Ok(None);
    }
    read(attributes).map_err(|e| unreadable(&e))
}

fn read(attributes: &[u8]) -> Result<Option<NeighTable>, DecodeError> {
    for attribute in NlasIterator::new(attributes) {
        let attribute = attribute?;
        match attribute.kind() {
            NDTA_CONFIG => {
                let mask = attribute.value().get(HASH_MASK..).and_then(number);
                return Ok(mask.map(|mask| NeighTable::Shared { chains: mask.saturating_add(1) }));
            }
            NDTA_PARMS => return read_device(attribute.value()),
            _ => {}
        }
    }
    Ok(None)
}

/// A device's parameters are referred to by the device and by each of its rows
/// (`neigh_parms_alloc`, and `arp_constructor` and `ndisc_constructor` for rows).
fn read_device(parameters: &[u8]) -> Result<Option<NeighTable>, DecodeError> {
    let (mut is_device, mut references) = (false, None);
    for parameter in NlasIterator::new(parameters) {
        let parameter = parameter?;
        match parameter.kind() {
            NDTPA_IFINDEX => is_device = true,
            NDTPA_REFCNT => references = number(parameter.value()),
            _ => {}
        }
    }
    let references = references.filter(|_| is_device);
    Ok(references.map(|n| NeighTable::Device { rows: n.saturating_sub(1) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first attributes of what Linux 6.18 said of `arp_cache`: its name, and
    /// `struct ndt_config` with a hash mask of 0x1ffff.
    const SHARED: [u8; 56] = [
        2, 0, 0, 0, 14, 0, 1, 0, 97, 114, 112, 95, 99, 97, 99, 104, 101, 0, 0, 0, // NDTA_NAME
        36, 0, 5, 0, 4, 0, 80, 1, 2, 0, 0, 0, 96, 102, 43, 1, 104, 102, 2, 0, // NDTA_CONFIG
        57, 25, 147, 101, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    fn of_device(references: u8) -> Vec<u8> {
        vec![
            2, 0, 0, 0, 28, 0, 6, 0, // NDTA_PARMS
            8, 0, 1, 0, 5, 0, 0, 0, // NDTPA_IFINDEX
            8, 0, 2, 0, references, 0, 0, 0, // NDTPA_REFCNT
            8, 0, 16, 0, 0, 64, 3, 0, // NDTPA_QUEUE_LENBYTES
        ]
    }

    #[test]
    fn a_table_says_how_long_it_is() {
        let said = parse(true, &SHARED).unwrap();
        assert_eq!(said, Some(NeighTable::Shared { chains: 0x2_0000 }));
        assert_eq!(parse(false, &SHARED).unwrap(), None);
    }

    #[test]
    fn a_device_refers_to_its_parameters_once_itself() {
        let rows = |references| parse(true, &of_device(references)).unwrap();
        assert_eq!(rows(1), Some(NeighTable::Device { rows: 0 }));
        assert_eq!(rows(3), Some(NeighTable::Device { rows: 2 }));
    }

    #[test]
    fn the_tables_own_parameters_are_no_device() {
        let mut body = of_device(1);
        body.drain(8..16);
        body[4] = 20;
        assert_eq!(parse(true, &body).unwrap(), None);
    }

    #[test]
    fn a_cut_off_message_is_an_error() {
        assert!(parse(true, &[2, 0]).is_err());
        assert!(parse(true, &SHARED[..30]).is_err());
        assert!(parse(true, &of_device(1)[..20]).is_err());
    }
}
