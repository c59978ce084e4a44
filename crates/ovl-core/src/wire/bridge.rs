//! The field table of a bridge device, in the words and JSON keys of `ip`.

use netlink_packet_route::link::{
    BridgeBooleanOptionFlags, BridgeBooleanOptions, BridgeId, InfoBridge,
};

use crate::attrs::{Mask, attr_table};
use crate::types::MacAddr;

/// Hundredths of a second, the unit of the kernel's bridge timers (`USER_HZ`).
type Centiseconds = u32;

attr_table! {
    /// What a bridge is asked to be, or is. Times are in hundredths of a second.
    pub struct BridgeAttrs: InfoBridge {
        #[doc = " Time in the listening and learning states"]
        forward_delay: Centiseconds = "forward_delay", json "forward_delay", Live, "CS",
            put |v| Some(InfoBridge::ForwardDelay(*v)), take { InfoBridge::ForwardDelay(n) => Some(*n) };
        #[doc = " Time between hello packets"]
        hello_time: Centiseconds = "hello_time", json "hello_time", Live, "CS",
            put |v| Some(InfoBridge::HelloTime(*v)), take { InfoBridge::HelloTime(n) => Some(*n) };
        #[doc = " Maximum message age"]
        max_age: Centiseconds = "max_age", json "max_age", Live, "CS",
            put |v| Some(InfoBridge::MaxAge(*v)), take { InfoBridge::MaxAge(n) => Some(*n) };
        #[doc = " Time after which a learned row is forgotten"]
        ageing_time: Centiseconds = "ageing_time", json "ageing_time", Live, "CS",
            put |v| Some(InfoBridge::AgeingTime(*v)), take { InfoBridge::AgeingTime(n) => Some(*n) };
        #[doc = " Spanning tree: 0 off, 1 on"]
        stp_state: u32 = "stp_state", json "stp_state", Live, "N",
            put |v| Some(InfoBridge::StpState((*v).into())), take { InfoBridge::StpState(s) => Some((*s).into()) };
        #[doc = " Spanning tree priority"]
        priority: u16 = "priority", json "priority", Live, "N",
            put |v| Some(InfoBridge::Priority(*v)), take { InfoBridge::Priority(n) => Some(*n) };
        #[doc = " VLAN filtering"]
        vlan_filtering: u8 = "vlan_filtering", json "vlan_filtering", Live, "N",
            put |v| Some(InfoBridge::VlanFiltering(*v != 0)), take { InfoBridge::VlanFiltering(b) => Some(u8::from(*b)) };
        #[doc = " Bridge id"]
        bridge_id: String = "bridge_id", json "bridge_id", ReadOnly, "ID",
            put |_| None, take { InfoBridge::BridgeId(id) => Some(spell_id(id)) };
        #[doc = " Root bridge id"]
        root_id: String = "designated_root", json "root_id", ReadOnly, "ID",
            put |_| None, take { InfoBridge::RootId(id) => Some(spell_id(id)) };
        #[doc = " Root port"]
        root_port: u16 = "root_port", json "root_port", ReadOnly, "N",
            put |_| None, take { InfoBridge::RootPort(n) => Some(*n) };
        #[doc = " Cost of the path to the root"]
        root_path_cost: u32 = "root_path_cost", json "root_path_cost", ReadOnly, "N",
            put |_| None, take { InfoBridge::RootPathCost(n) => Some(*n) };
        #[doc = " Topology change"]
        topology_change: u8 = "topology_change", json "topology_change", ReadOnly, "N",
            put |_| None, take { InfoBridge::TopologyChange(n) => Some(*n) };
        #[doc = " Topology change detected"]
        topology_change_detected: u8 = "topology_change_detected", json "topology_change_detected", ReadOnly, "N",
            put |_| None, take { InfoBridge::TopologyChangeDetected(n) => Some(*n) };
        #[doc = " Link-local groups that are forwarded"]
        group_fwd_mask: Mask = "group_fwd_mask", json "group_fwd_mask", Live, "MASK",
            put |v| Some(InfoBridge::GroupFwdMask(v.0)), take { InfoBridge::GroupFwdMask(n) => Some(Mask(*n)) };
        #[doc = " Spanning tree group address"]
        group_addr: MacAddr = "group_address", json "group_addr", Live, "MAC",
            put |v| Some(InfoBridge::GroupAddr(v.0)), take { InfoBridge::GroupAddr(m) => Some(MacAddr(*m)) };
        #[doc = " Multicast snooping"]
        mcast_snooping: u8 = "mcast_snooping", json "mcast_snooping", Live, "N",
            put |v| Some(InfoBridge::MulticastSnooping(*v != 0)), take { InfoBridge::MulticastSnooping(b) => Some(u8::from(*b)) };
        #[doc = " Do not learn from link-local packets"]
        no_linklocal_learn: u8 = "no_linklocal_learn", json "no_linklocal_learn", Live, "N",
            put |v| Some(boolopt(BridgeBooleanOptionFlags::NoLinkLocalLearn, *v)),
            take { InfoBridge::MultiBoolOpt(o) => boolopt_of(*o, BridgeBooleanOptionFlags::NoLinkLocalLearn) };
        #[doc = " Multicast snooping for each VLAN"]
        mcast_vlan_snooping: u8 = "mcast_vlan_snooping", json "mcast_vlan_snooping", Live, "N",
            put |v| Some(boolopt(BridgeBooleanOptionFlags::VlanMulticastSnooping, *v)),
            take { InfoBridge::MultiBoolOpt(o) => boolopt_of(*o, BridgeBooleanOptionFlags::VlanMulticastSnooping) };
        #[doc = " Multicast router"]
        mcast_router: u8 = "mcast_router", json "mcast_router", Live, "N",
            put |v| Some(InfoBridge::MulticastRouter((*v).into())), take { InfoBridge::MulticastRouter(r) => Some((*r).into()) };
        #[doc = " Send multicast queries from the bridge's own address"]
        mcast_query_use_ifaddr: u8 = "mcast_query_use_ifaddr", json "mcast_query_use_ifaddr", Live, "N",
            put |v| Some(InfoBridge::MulticastQueryUseIfaddr(*v != 0)), take { InfoBridge::MulticastQueryUseIfaddr(b) => Some(u8::from(*b)) };
        #[doc = " Act as multicast querier"]
        mcast_querier: u8 = "mcast_querier", json "mcast_querier", Live, "N",
            put |v| Some(InfoBridge::MulticastQuerier(*v != 0)), take { InfoBridge::MulticastQuerier(b) => Some(u8::from(*b)) };
        #[doc = " Multicast hash elasticity"]
        mcast_hash_elasticity: u32 = "mcast_hash_elasticity", json "mcast_hash_elasticity", Live, "N",
            put |v| Some(InfoBridge::MulticastHashElasticity(*v)), take { InfoBridge::MulticastHashElasticity(n) => Some(*n) };
        #[doc = " Multicast hash maximum"]
        mcast_hash_max: u32 = "mcast_hash_max", json "mcast_hash_max", Live, "N",
            put |v| Some(InfoBridge::MulticastHashMax(*v)), take { InfoBridge::MulticastHashMax(n) => Some(*n) };
        #[doc = " Multicast last member count"]
        mcast_last_member_count: u32 = "mcast_last_member_count", json "mcast_last_member_cnt", Live, "N",
            put |v| Some(InfoBridge::MulticastLastMemberCount(*v)), take { InfoBridge::MulticastLastMemberCount(n) => Some(*n) };
        #[doc = " Multicast startup query count"]
        mcast_startup_query_count: u32 = "mcast_startup_query_count", json "mcast_startup_query_cnt", Live, "N",
            put |v| Some(InfoBridge::MulticastStartupQueryCount(*v)), take { InfoBridge::MulticastStartupQueryCount(n) => Some(*n) };
        #[doc = " Multicast last member interval"]
        mcast_last_member_interval: u64 = "mcast_last_member_interval", json "mcast_last_member_intvl", Live, "CS",
            put |v| Some(InfoBridge::MulticastLastMemberInterval(*v)), take { InfoBridge::MulticastLastMemberInterval(n) => Some(*n) };
        #[doc = " Multicast membership interval"]
        mcast_membership_interval: u64 = "mcast_membership_interval", json "mcast_membership_intvl", Live, "CS",
            put |v| Some(InfoBridge::MulticastMembershipInterval(*v)), take { InfoBridge::MulticastMembershipInterval(n) => Some(*n) };
        #[doc = " Multicast querier interval"]
        mcast_querier_interval: u64 = "mcast_querier_interval", json "mcast_querier_intvl", Live, "CS",
            put |v| Some(InfoBridge::MulticastQuerierInterval(*v)), take { InfoBridge::MulticastQuerierInterval(n) => Some(*n) };
        #[doc = " Multicast query interval"]
        mcast_query_interval: u64 = "mcast_query_interval", json "mcast_query_intvl", Live, "CS",
            put |v| Some(InfoBridge::MulticastQueryInterval(*v)), take { InfoBridge::MulticastQueryInterval(n) => Some(*n) };
        #[doc = " Multicast query response interval"]
        mcast_query_response_interval: u64 = "mcast_query_response_interval", json "mcast_query_response_intvl", Live, "CS",
            put |v| Some(InfoBridge::MulticastQueryResponseInterval(*v)), take { InfoBridge::MulticastQueryResponseInterval(n) => Some(*n) };
        #[doc = " Multicast startup query interval"]
        mcast_startup_query_interval: u64 = "mcast_startup_query_interval", json "mcast_startup_query_intvl", Live, "CS",
            put |v| Some(InfoBridge::MulticastStartupQueryInterval(*v)), take { InfoBridge::MulticastStartupQueryInterval(n) => Some(*n) };
        #[doc = " Multicast statistics"]
        mcast_stats_enabled: u8 = "mcast_stats_enabled", json "mcast_stats_enabled", Live, "N",
            put |v| Some(InfoBridge::MulticastStatsEnabled(*v != 0)), take { InfoBridge::MulticastStatsEnabled(b) => Some(u8::from(*b)) };
        #[doc = " IGMP version"]
        mcast_igmp_version: u8 = "mcast_igmp_version", json "mcast_igmp_version", Live, "N",
            put |v| Some(InfoBridge::MulticastIgmpVersion(*v)), take { InfoBridge::MulticastIgmpVersion(n) => Some(*n) };
        #[doc = " MLD version"]
        mcast_mld_version: u8 = "mcast_mld_version", json "mcast_mld_version", Live, "N",
            put |v| Some(InfoBridge::MulticastMldVersion(*v)), take { InfoBridge::MulticastMldVersion(n) => Some(*n) };
        #[doc = " Hand IPv4 packets to iptables"]
        nf_call_iptables: u8 = "nf_call_iptables", json "nf_call_iptables", Live, "N",
            put |v| Some(InfoBridge::NfCallIpTables(*v != 0)), take { InfoBridge::NfCallIpTables(b) => Some(u8::from(*b)) };
        #[doc = " Hand IPv6 packets to ip6tables"]
        nf_call_ip6tables: u8 = "nf_call_ip6tables", json "nf_call_ip6tables", Live, "N",
            put |v| Some(InfoBridge::NfCallIp6Tables(*v != 0)), take { InfoBridge::NfCallIp6Tables(b) => Some(u8::from(*b)) };
        #[doc = " Hand ARP packets to arptables"]
        nf_call_arptables: u8 = "nf_call_arptables", json "nf_call_arptables", Live, "N",
            put |v| Some(InfoBridge::NfCallArpTables(*v != 0)), take { InfoBridge::NfCallArpTables(b) => Some(u8::from(*b)) };
    }
}

fn boolopt(which: BridgeBooleanOptionFlags, on: u8) -> InfoBridge {
    let value = if on == 0 { BridgeBooleanOptionFlags::empty() } else { which };
    InfoBridge::MultiBoolOpt(BridgeBooleanOptions { value, mask: which })
}

fn boolopt_of(options: BridgeBooleanOptions, which: BridgeBooleanOptionFlags) -> Option<u8> {
    options.mask.contains(which).then(|| u8::from(options.value.contains(which)))
}

/// A bridge id as `ip` prints it: octets without leading zeros.
pub(crate) fn spell_id(id: &BridgeId) -> String {
    let [a, b, c, d, e, f] = id.address;
    format!("{:04x}.{a:x}:{b:x}:{c:x}:{d:x}:{e:x}:{f:x}", id.priority)
}
