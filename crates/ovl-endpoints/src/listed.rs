//! What `ovl-fdb list -o json` prints, as a table: rows that were listed are written
//! again, there or elsewhere. What was learned from traffic is not: traffic teaches it
//! again.

use serde::Deserialize;

use crate::json::{START, refusal};
use crate::parse::{endpoint, number, port};
use crate::table::{Endpoint, Finding, Place, Table};
use crate::written::by_group;

/// Could this be one?
pub(crate) fn is_like(text: &str) -> bool {
    text.trim_start().starts_with('[')
}

/// An endpoint as it is listed; what else is said of it is how it stands.
#[derive(Debug, Deserialize)]
struct Listed {
    netns: Option<Netns>,
    dev: String,
    ip: Option<String>,
    mac: Option<String>,
    dst: Option<String>,
    port: Option<u16>,
    vni: Option<u32>,
    neigh: Option<Neigh>,
    fdb: Option<Fdb>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Netns {
    inode: u64,
}

#[derive(Debug, Deserialize)]
struct Neigh {
    #[serde(default)]
    state: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Fdb {
    #[serde(default)]
    state: String,
    #[serde(default)]
    flags: Vec<String>,
    via: Option<u32>,
    nhid: Option<u32>,
}

impl Neigh {
    fn lasts(&self) -> bool {
        self.state.iter().any(|state| matches!(state.as_str(), "PERMANENT" | "NOARP"))
    }
}

impl Fdb {
    fn lasts(&self) -> bool {
        matches!(self.state.as_str(), "permanent" | "static")
            || self.flags.iter().any(|flag| flag == "extern_learn")
    }
}

/// Reads one; `Err` where this is no list of endpoints.
pub(crate) fn read(text: &str, findings: &mut Vec<Finding>) -> Result<Table, Finding> {
    let listed: Vec<Listed> = serde_json::from_str(text).map_err(|e| no_list(&e))?;
    let mut table = Table::default();
    let first = listed.first().map(|listed| (&listed.netns, &listed.dev));
    for (index, listed) in listed.iter().enumerate() {
        let place = Place::Item(number(index));
        let mut find = |why| findings.push(Finding { place, why });
        if first.is_some_and(|first| first != (&listed.netns, &listed.dev)) {
            find("it is of another device than the first: list one device alone".into());
            break;
        }
        match listed.endpoint(place) {
            Ok(Some(endpoint)) => table.endpoints.push(endpoint),
            Ok(None) => table.skipped += 1,
            Err(why) => find(why),
        }
    }
    Ok(table)
}

fn no_list(e: &serde_json::Error) -> Finding {
    let Finding { place, why } = refusal(e, START);
    Finding { place, why: format!("no list as `ovl-fdb list -o json` prints it: {why}") }
}

impl Listed {
    /// The endpoint with the rows of it that last; `None` where none does.
    fn endpoint(&self, place: Place) -> Result<Option<Endpoint>, String> {
        let ip = self.ip.as_deref().filter(|_| self.neigh.as_ref().is_some_and(Neigh::lasts));
        let fdb = self.fdb.as_ref().filter(|fdb| fdb.lasts());
        let mac = self.mac.as_deref().unwrap_or_default();
        let nhid = fdb.and_then(|fdb| fdb.nhid);
        let dst = self.dst.as_deref().filter(|_| fdb.is_some());
        if (ip.is_none() && dst.is_none() && nhid.is_none()) || mac.is_empty() {
            return Ok(None);
        }
        let ip = ip.unwrap_or_default();
        let made = match (dst, nhid) {
            (None, Some(_)) => by_group(ip, mac, place)?,
            _ => endpoint(ip, mac, dst.unwrap_or_default(), place)?,
        };
        let via = fdb.and_then(|fdb| fdb.via).map(|index| format!("if{index}").parse());
        Ok(Some(Endpoint {
            port: self.port.filter(|_| fdb.is_some()).map(port).transpose()?,
            vni: self.vni.filter(|_| fdb.is_some()),
            via: via.transpose().map_err(|e| format!("via: {e}"))?,
            nhid,
            ..made
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::parse;

    const LISTED: &str = r#"[
        {"netns": {"ref": "ov1", "inode": 7}, "dev": "vxlan0", "ip": "10.0.0.1",
         "mac": "02:42:0a:00:00:01", "dst": "192.168.1.5", "port": 8472, "vni": null, "owned": true,
         "neigh": {"flags": [], "proto": "79", "state": ["PERMANENT"]},
         "fdb": {"flags": ["self", "extern_learn"], "state": "permanent", "via": 3, "nhid": null}},
        {"netns": {"ref": "ov1", "inode": 7}, "dev": "vxlan0", "ip": "10.0.0.2",
         "mac": "02:42:0a:00:00:02", "dst": "192.168.1.5", "port": null, "vni": null,
         "neigh": {"state": ["PERMANENT"]}, "fdb": {"flags": ["self"], "state": ""}},
        {"netns": {"ref": "ov1", "inode": 7}, "dev": "vxlan0", "ip": "10.0.0.3",
         "mac": "02:42:0a:00:00:03", "dst": null, "port": null, "vni": null,
         "neigh": {"state": ["STALE"]}, "fdb": null},
        {"netns": {"ref": "ov1", "inode": 7}, "dev": "vxlan0", "ip": null,
         "mac": "00:00:00:00:00:00", "dst": "192.168.1.6", "port": null, "vni": null,
         "neigh": null, "fdb": {"flags": ["self"], "state": "permanent", "nhid": null}},
        {"netns": {"ref": "ov1", "inode": 7}, "dev": "vxlan0", "ip": null,
         "mac": "02:42:0a:00:00:05", "dst": null, "port": null, "vni": null,
         "neigh": null, "fdb": {"flags": ["self"], "state": "permanent", "nhid": 10}}
    ]"#;

    #[test]
    fn rows_that_last_are_a_table() {
        let table = parse(LISTED.as_bytes(), None).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(table.skipped, 1);
        let [both, neigh, flood, group] = table.endpoints.as_slice() else { panic!("{table:?}") };
        assert_eq!(both.port, Some(8472));
        assert!(both.via.as_ref().is_some_and(|via| via.as_str() == "if3"));
        assert!(both.ip.is_some() && both.vtep.is_some());
        assert!(neigh.ip.is_some() && !neigh.has_target(), "it is learned where it is");
        assert!(flood.ip.is_none() && flood.vtep.is_some());
        assert_eq!((group.vtep, group.nhid), (None, Some(10)));
    }

    #[test]
    fn a_list_of_several_devices_is_no_table() {
        let two = LISTED.replacen("\"vxlan0\"", "\"vxlan1\"", 1);
        let wrong = parse(two.as_bytes(), None).expect_err("taken");
        assert!(wrong.to_string().contains("another device"), "{wrong}");
        let wrong = parse(b"[1, 2]", None).expect_err("taken");
        assert!(wrong.to_string().contains("ovl-fdb list -o json"), "{wrong}");
    }
}
