//! What `ovl-fdb list -o json` or `-o yaml` prints, as a table: rows that were listed are written
//! again, there or elsewhere. What was learned from traffic is not: traffic teaches it
//! again.

use std::net::IpAddr;

use ovl_core::names::IfName;
use ovl_core::types::Vni;
use serde::{Deserialize, Deserializer};

use crate::parse::{endpoint, is_zero, number, of_one_vni, port};
use crate::quote::brief;
use crate::table::{Endpoint, Finding, OTHER_DEVICE, Place, Table};
use crate::written::by_group;
use crate::{json, marks};

/// Could this be one?
pub(crate) fn is_like(text: &str) -> bool {
    is_json(text) || text.trim_start().starts_with("- ")
}

fn is_json(text: &str) -> bool {
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
    #[serde(deserialize_with = "there")]
    neigh: Option<Neigh>,
    #[serde(deserialize_with = "there")]
    fdb: Option<Fdb>,
}

/// What may be null, and has to be there: what `ip` and `bridge` print has neither, and
/// would be a list of endpoints without rows.
fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Netns {
    inode: u64,
}

#[derive(Debug, Deserialize)]
struct Neigh {
    #[serde(default)]
    state: Vec<String>,
    #[serde(default)]
    flags: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Fdb {
    #[serde(default)]
    state: String,
    #[serde(default)]
    flags: Vec<String>,
    via: Option<Way>,
    nhid: Option<u32>,
    src_vni: Option<u32>,
}

/// The device of the underlay that packets leave by.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Way {
    Index(u32),
    Name(String),
}

impl Way {
    /// Its name. In another underlay its index is another device's.
    fn name(&self) -> Result<IfName, String> {
        match self {
            Way::Index(index) => Err(format!(
                "via {index} is an index, and of which device is known in the underlay of \
                 that list only: name the device"
            )),
            Way::Name(name) => name.parse().map_err(|e| brief(&format!("via: {e}"))),
        }
    }
}

fn is_told(flags: &[String]) -> bool {
    flags.iter().any(|flag| flag == "extern_learn")
}

impl Neigh {
    fn lasts(&self) -> bool {
        self.state.iter().any(|state| matches!(state.as_str(), "PERMANENT" | "NOARP"))
            || is_told(&self.flags)
    }
}

impl Fdb {
    fn lasts(&self) -> bool {
        matches!(self.state.as_str(), "permanent" | "static") || is_told(&self.flags)
    }
}

/// Reads one; `Err` where this is no list of endpoints.
pub(crate) fn read(text: &str, findings: &mut Vec<Finding>) -> Result<Table, Finding> {
    let listed: Vec<Listed> = if is_json(text) {
        serde_json::from_str(text).map_err(|e| no_list(json::refusal(&e, json::START)))?
    } else {
        serde_yaml::from_str(text).map_err(|e| no_list(marks::refusal(&e)))?
    };
    let mut table = Table::default();
    let first = listed.first().map(|listed| (&listed.netns, &listed.dev));
    for (index, listed) in listed.iter().enumerate() {
        let place = Place::Item(number(index));
        let mut find = |why| findings.push(Finding { place, why });
        if first.is_some_and(|first| first != (&listed.netns, &listed.dev)) {
            find(OTHER_DEVICE.into());
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

fn no_list(Finding { place, why }: Finding) -> Finding {
    let why = format!(
        "no list as `ovl-fdb list -o json` or `-o yaml` prints it (of ip and bridge the text is \
         taken, not the JSON; a table's own list stands under `endpoints:`): {why}"
    );
    Finding { place, why }
}

fn vni(number: u32) -> Result<Vni, String> {
    Vni::try_from(number).map_err(|why| format!("vni: {why}"))
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
        if self.is_of_the_device() {
            return Ok(None);
        }
        if let Some(vni) = fdb.and_then(|fdb| fdb.src_vni) {
            return Err(of_one_vni(&vni.to_string()));
        }
        let ip = ip.unwrap_or_default();
        let made = match (dst, nhid) {
            (None, Some(_)) => by_group(ip, mac, place)?,
            _ => endpoint(ip, mac, dst.unwrap_or_default(), place)?,
        };
        let via = fdb.and_then(|fdb| fdb.via.as_ref()).map(Way::name);
        Ok(Some(Endpoint {
            port: self.port.filter(|_| fdb.is_some()).map(port).transpose()?,
            vni: self.vni.filter(|_| fdb.is_some()).map(vni).transpose()?,
            via: via.transpose()?,
            nhid,
            ..made
        }))
    }

    /// Is it the flood row to the device's own multicast group? The kernel makes that, by
    /// the group's device, wherever a device is made with `--group`.
    fn is_of_the_device(&self) -> bool {
        let is_multicast = |dst: &str| dst.parse().is_ok_and(|dst: IpAddr| dst.is_multicast());
        let by_device = self.fdb.as_ref().is_some_and(|f| f.via.is_some());
        let is_flood = self.mac.as_deref().is_some_and(is_zero);
        by_device && is_flood && self.dst.as_deref().is_some_and(is_multicast)
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::parse;

    const LISTED: &str = r#"[
        {"netns": {"ref": "ov1", "inode": 7}, "dev": "vxlan0", "ip": "10.0.0.1",
         "mac": "02:42:0a:00:00:01", "dst": "192.168.1.5", "port": 8472, "vni": null, "owned": true,
         "neigh": {"flags": [], "proto": "79", "state": ["PERMANENT"]},
         "fdb": {"flags": ["self", "extern_learn"], "state": "permanent", "via": "eth0", "nhid": null}},
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
        assert!(both.via.as_ref().is_some_and(|via| via.as_str() == "eth0"));
        assert!(both.ip.is_some() && both.vtep.is_some());
        assert!(neigh.ip.is_some() && !neigh.has_target(), "it is learned where it is");
        assert!(flood.ip.is_none() && flood.vtep.is_some());
        assert_eq!((group.vtep, group.nhid), (None, Some(10)));
    }

    #[test]
    fn a_device_by_its_index_is_refused_and_the_devices_own_group_left_out() {
        let by_index = LISTED.replacen("\"eth0\"", "3", 1);
        let wrong = parse(by_index.as_bytes(), None).expect_err("taken").to_string();
        assert!(wrong.contains("via 3 is an index"), "{wrong}");
        // As it is listed of a device that was made with --group.
        let group = LISTED.replace("\"192.168.1.6\"", "\"239.1.1.1\"").replace(
            "\"permanent\", \"nhid\": null}}",
            "\"permanent\", \"via\": 3, \"nhid\": null}}",
        );
        let table = parse(group.as_bytes(), None).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((table.skipped, table.endpoints.len()), (2, 3));
        // One that was added goes by no device of its own.
        let added = LISTED.replace("\"192.168.1.6\"", "\"239.1.1.1\"");
        let table = parse(added.as_bytes(), None).unwrap_or_else(|e| panic!("{e}"));
        assert!(table.endpoints[2].vtep.is_some_and(|vtep| vtep.is_multicast()), "{table:?}");
    }

    #[test]
    fn a_neighbour_that_a_control_plane_told_of_lasts() {
        let told = LISTED.replace("[\"STALE\"]}", "[\"STALE\"], \"flags\": [\"extern_learn\"]}");
        let table = parse(told.as_bytes(), None).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((table.skipped, table.endpoints.len()), (0, 5));
    }

    #[test]
    fn json_of_ip_and_bridge_is_refused_with_what_is_taken() {
        for text in [
            r#"[{"dst":"10.0.0.1","dev":"vxlan0","lladdr":"02:42:0a:00:00:01","state":["PERMANENT"]}]"#,
            r#"[{"mac":"02:42:0a:00:00:01","ifname":"vxlan0","dst":"192.168.1.5","state":"permanent"}]"#,
        ] {
            let wrong = parse(text.as_bytes(), None).expect_err("taken").to_string();
            assert!(wrong.contains("of ip and bridge the text is taken"), "{wrong}");
        }
    }

    #[test]
    fn yaml_says_the_same() {
        let listed: serde_json::Value = serde_json::from_str(LISTED).unwrap();
        let yaml = serde_yaml::to_string(&listed).unwrap();
        let read = |text: &str| parse(text.as_bytes(), None).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(read(&yaml), read(LISTED));
        let wrong = parse(b"- {ip: 10.0.0.1, vtep: 192.168.1.5}\n", None).expect_err("taken");
        assert!(wrong.to_string().contains("under `endpoints:`"), "{wrong}");
    }

    #[test]
    fn a_vni_that_cannot_be_is_named_by_its_place() {
        let much = LISTED.replacen("\"vni\": null", "\"vni\": 16777216", 1);
        let wrong = parse(much.as_bytes(), None).expect_err("taken").to_string();
        assert_eq!(wrong, "line 2, column 9: vni: VNI 16777216 is out of range: 0 to 16777215");
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
