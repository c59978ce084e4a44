//! Rows and tables, and what separates them.

use super::*;
use crate::endpoints::Ours;

fn wanted(last: u8, vtep: u8) -> Wanted {
    let dst = Some(IpAddr::from([192, 168, 1, vtep]));
    Wanted {
        ip: Some(IpAddr::from([192, 168, 10, last])),
        mac: MacAddr([2, 0x42, 0, 0, 0, last]),
        to: Some(Target { dst, ..Target::default() }),
    }
}

/// An endpoint that stands as it would after `wanted` was written.
fn stands(wanted: &Wanted, ours: bool) -> Endpoint {
    let mark = if ours { NTF_EXT_LEARNED } else { 0 };
    Endpoint {
        neigh: wanted.ip.map(|ip| Neigh {
            dev: 5,
            ip,
            mac: Some(wanted.mac),
            state: NUD_PERMANENT,
            flags: 0,
            flags_ext: 0,
            proto: ours.then_some(OVL_PROTOCOL),
        }),
        fdb: wanted.to.as_ref().map(|to| Fdb {
            dev: 5,
            mac: wanted.mac,
            dst: to.dst,
            port: None,
            vni: None,
            src_vni: None,
            vlan: None,
            via: None,
            nhid: None,
            master: None,
            state: NUD_PERMANENT,
            flags: NTF_SELF | mark,
            used: None,
            updated: None,
        }),
        bridge: None,
        ours: Ours { neigh: ours, fdb: ours },
    }
}

const SYNC: Rules = Rules { take_over: false, prune: true };

#[test]
fn what_stands_is_left_and_what_is_missing_is_added() {
    let have = [stands(&wanted(1, 5), true)];
    let asked = [wanted(1, 5), wanted(2, 6)];
    let found = difference(&asked, &have, SYNC);
    assert_eq!(found.changes, [Change::Added(&wanted(2, 6))]);
    assert_eq!((found.unchanged, found.rows.add.len()), (1, 2));
    assert!(found.rows.remove.is_empty() && found.rows.replace.is_empty());
}

#[test]
fn an_endpoint_that_moved_costs_one_row() {
    let have = [stands(&wanted(1, 5), true)];
    let asked = [wanted(1, 9)];
    let found = difference(&asked, &have, SYNC);
    assert_eq!(found.changes, [Change::Changed(&wanted(1, 9), &have[0])]);
    assert_eq!(found.rows.replace, [wanted(1, 9).fdb().unwrap()]);
    assert!(
        found.rows.add.is_empty() && found.rows.clear.is_empty() && found.rows.remove.is_empty()
    );
}

#[test]
fn owned_rows_that_nobody_wants_go_and_others_stay() {
    let have = [stands(&wanted(1, 5), true), stands(&wanted(2, 5), false)];
    let found = difference(&[], &have, SYNC);
    assert_eq!(found.changes, [Change::Removed(&have[0])]);
    assert_eq!(found.rows.remove.len(), 2);
    let kept = difference(&[], &have, Rules::default());
    assert!(kept.rows.is_empty());
}

#[test]
fn anothers_row_in_the_way_is_left_alone_unless_it_is_taken_over() {
    let have = [stands(&wanted(1, 5), false)];
    let asked = [wanted(1, 9)];
    let found = difference(&asked, &have, SYNC);
    assert_eq!(found.changes, [Change::Blocked(&wanted(1, 9), &have[0])]);
    assert!(found.rows.is_empty());
    let taken = difference(&asked, &have, Rules { take_over: true, prune: true });
    // A replace could not put our mark on it.
    assert_eq!((taken.rows.clear.len(), taken.rows.add.len()), (1, 1));
    // One that says the same is in nobody's way.
    assert_eq!(difference(&[wanted(1, 5)], &have, SYNC).unchanged, 1);
}

#[test]
fn two_addresses_of_one_mac_share_its_row() {
    let second = Wanted { ip: Some(IpAddr::from([192, 168, 10, 9])), ..wanted(1, 5) };
    let both = [wanted(1, 5), second.clone()];
    let found = difference(&both, &[], SYNC);
    assert_eq!(found.rows.add.len(), 3);
    let have = [stands(&both[0], true), stands(&second, true)];
    let found = difference(&both[..1], &have, SYNC);
    // The shared row stays: the first still uses it.
    assert_eq!(found.rows.remove.len(), 1);
    assert_eq!(found.changes, [Change::Removed(&have[1])]);
}

#[test]
fn a_flood_list_is_added_to_and_taken_from() {
    let flood = |vtep| Wanted { ip: None, mac: MacAddr::ZERO, ..wanted(1, vtep) };
    let asked = [flood(5), flood(6)];
    let found = difference(&asked, &[], SYNC);
    assert_eq!((found.rows.add.len(), found.rows.append.len()), (1, 1));
    let have = [stands(&flood(5), true), stands(&flood(6), true)];
    let asked = [flood(5), flood(7)];
    let found = difference(&asked, &have, SYNC);
    assert_eq!((found.rows.append.len(), found.rows.remove.len(), found.unchanged), (1, 1, 1));
}

#[test]
fn a_learned_row_gives_way() {
    let mut have = stands(&wanted(1, 5), false);
    have.neigh = None;
    if let Some(fdb) = &mut have.fdb {
        fdb.state = ovl_core::row::NUD_REACHABLE;
    }
    let asked = [wanted(1, 9)];
    let have = [have];
    let found = difference(&asked, &have, SYNC);
    assert_eq!(found.changes, [Change::Added(&wanted(1, 9))]);
    assert_eq!((found.rows.clear.len(), found.rows.add.len()), (1, 2));
}
