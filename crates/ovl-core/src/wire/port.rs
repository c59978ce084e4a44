//! The field table of a bridge port (`IFLA_INFO_SLAVE_DATA` of kind bridge), in
//! the words and JSON keys of `ip`.

use netlink_packet_route::link::{BridgePortState, InfoBridgePort};

use super::bridge::spell_id;
use crate::attrs::{Mask, OnOff, attr_table};

attr_table! {
    /// What a bridge port is asked to be, or is.
    pub struct PortAttrs: InfoBridgePort {
        #[doc = " Spanning tree state"]
        state: String = "state", json "state", ReadOnly, "STATE",
            put |_| None, take { InfoBridgePort::State(s) => Some(spell_state(*s)) };
        #[doc = " Spanning tree priority"]
        priority: u16 = "priority", json "priority", Live, "N",
            put |v| Some(InfoBridgePort::Priority(*v)), take { InfoBridgePort::Priority(n) => Some(*n) };
        #[doc = " Spanning tree path cost"]
        cost: u32 = "cost", json "cost", Live, "N",
            put |v| Some(InfoBridgePort::Cost(*v)), take { InfoBridgePort::Cost(n) => Some(*n) };
        #[doc = " Send packets back out of the port they came in by"]
        hairpin: OnOff = "hairpin", json "hairpin", Live, "on|off",
            put |v| Some(InfoBridgePort::HairpinMode(v.0)), take { InfoBridgePort::HairpinMode(b) => Some(OnOff(*b)) };
        #[doc = " Drop BPDUs"]
        guard: OnOff = "guard", json "guard", Live, "on|off",
            put |v| Some(InfoBridgePort::Guard(v.0)), take { InfoBridgePort::Guard(b) => Some(OnOff(*b)) };
        #[doc = " Never become the root port"]
        root_block: OnOff = "root_block", json "root_block", Live, "on|off",
            put |v| Some(InfoBridgePort::Protect(v.0)), take { InfoBridgePort::Protect(b) => Some(OnOff(*b)) };
        #[doc = " Leave multicast groups at once"]
        fastleave: OnOff = "fastleave", json "fastleave", Live, "on|off",
            put |v| Some(InfoBridgePort::FastLeave(v.0)), take { InfoBridgePort::FastLeave(b) => Some(OnOff(*b)) };
        #[doc = " Learn MAC addresses on this port"]
        learning: OnOff = "learning", json "learning", Live, "on|off",
            put |v| Some(InfoBridgePort::Learning(v.0)), take { InfoBridgePort::Learning(b) => Some(OnOff(*b)) };
        #[doc = " Send unknown unicast out of this port"]
        flood: OnOff = "flood", json "flood", Live, "on|off",
            put |v| Some(InfoBridgePort::UnicastFlood(v.0)), take { InfoBridgePort::UnicastFlood(b) => Some(OnOff(*b)) };
        #[doc = " Port id"]
        id: String = "port_id", json "id", ReadOnly, "ID",
            put |_| None, take { InfoBridgePort::PortId(n) => Some(format!("{n:#x}")) };
        #[doc = " Port number"]
        no: String = "port_no", json "no", ReadOnly, "N",
            put |_| None, take { InfoBridgePort::PortNumber(n) => Some(format!("{n:#x}")) };
        #[doc = " Designated port"]
        designated_port: u16 = "designated_port", json "designated_port", ReadOnly, "N",
            put |_| None, take { InfoBridgePort::DesignatedPort(n) => Some(*n) };
        #[doc = " Designated cost"]
        designated_cost: u16 = "designated_cost", json "designated_cost", ReadOnly, "N",
            put |_| None, take { InfoBridgePort::DesignatedCost(n) => Some(*n) };
        #[doc = " Designated bridge"]
        bridge_id: String = "designated_bridge", json "bridge_id", ReadOnly, "ID",
            put |_| None, take { InfoBridgePort::BridgeId(id) => Some(spell_id(id)) };
        #[doc = " Designated root"]
        root_id: String = "designated_root", json "root_id", ReadOnly, "ID",
            put |_| None, take { InfoBridgePort::RootId(id) => Some(spell_id(id)) };
        #[doc = " Topology change acknowledged"]
        topology_change_ack: u8 = "topology_change_ack", json "topology_change_ack", ReadOnly, "N",
            put |_| None, take { InfoBridgePort::TopologyChangeAck(b) => Some(u8::from(*b)) };
        #[doc = " Configuration pending"]
        config_pending: u8 = "config_pending", json "config_pending", ReadOnly, "N",
            put |_| None, take { InfoBridgePort::ConfigPending(b) => Some(u8::from(*b)) };
        #[doc = " Answer ARP for known neighbours"]
        proxy_arp: OnOff = "proxy_arp", json "proxy_arp", Live, "on|off",
            put |v| Some(InfoBridgePort::ProxyARP(v.0)), take { InfoBridgePort::ProxyARP(b) => Some(OnOff(*b)) };
        #[doc = " Answer ARP for known neighbours, as access points want it"]
        proxy_arp_wifi: OnOff = "proxy_arp_wifi", json "proxy_arp_wifi", Live, "on|off",
            put |v| Some(InfoBridgePort::ProxyARPWifi(v.0)), take { InfoBridgePort::ProxyARPWifi(b) => Some(OnOff(*b)) };
        #[doc = " Multicast router"]
        mcast_router: u8 = "mcast_router", json "multicast_router", Live, "N",
            put |v| Some(InfoBridgePort::MulticastRouter((*v).into())), take { InfoBridgePort::MulticastRouter(r) => Some((*r).into()) };
        #[doc = " Send unknown multicast out of this port"]
        mcast_flood: OnOff = "mcast_flood", json "mcast_flood", Live, "on|off",
            put |v| Some(InfoBridgePort::MulticastFlood(v.0)), take { InfoBridgePort::MulticastFlood(b) => Some(OnOff(*b)) };
        #[doc = " Send broadcast out of this port"]
        bcast_flood: OnOff = "bcast_flood", json "bcast_flood", Live, "on|off",
            put |v| Some(InfoBridgePort::BroadcastFlood(v.0)), take { InfoBridgePort::BroadcastFlood(b) => Some(OnOff(*b)) };
        #[doc = " Turn multicast into unicast"]
        mcast_to_unicast: OnOff = "mcast_to_unicast", json "mcast_to_unicast", Live, "on|off",
            put |v| Some(InfoBridgePort::MulticastToUnicast(v.0)), take { InfoBridgePort::MulticastToUnicast(b) => Some(OnOff(*b)) };
        #[doc = " Suppress ARP and ND that neighbour rows answer"]
        neigh_suppress: OnOff = "neigh_suppress", json "neigh_suppress", Live, "on|off",
            put |v| Some(InfoBridgePort::NeighSupress(v.0)), take { InfoBridgePort::NeighSupress(b) => Some(OnOff(*b)) };
        #[doc = " Link-local groups that are forwarded"]
        group_fwd_mask: Mask = "group_fwd_mask", json "group_fwd_mask", Live, "MASK",
            put |v| Some(InfoBridgePort::GroupFwdMask(v.0)), take { InfoBridgePort::GroupFwdMask(n) => Some(Mask(*n)) };
        #[doc = " VLAN tunnel mapping"]
        vlan_tunnel: OnOff = "vlan_tunnel", json "vlan_tunnel", Live, "on|off",
            put |v| Some(InfoBridgePort::VlanTunnel(v.0)), take { InfoBridgePort::VlanTunnel(b) => Some(OnOff(*b)) };
        #[doc = " Talk only to ports that are not isolated"]
        isolated: OnOff = "isolated", json "isolated", Live, "on|off",
            put |v| Some(InfoBridgePort::Isolated(v.0)), take { InfoBridgePort::Isolated(b) => Some(OnOff(*b)) };
        #[doc = " Accept only packets from known addresses"]
        locked: OnOff = "locked", json "locked", Live, "on|off",
            put |v| Some(InfoBridgePort::Locked(v.0)), take { InfoBridgePort::Locked(b) => Some(OnOff(*b)) };
    }
}

/// The kernel's `BR_STATE_*` in `ip`'s words.
fn spell_state(state: BridgePortState) -> String {
    match state {
        BridgePortState::Disabled => "disabled".into(),
        BridgePortState::Listening => "listening".into(),
        BridgePortState::Learning => "learning".into(),
        BridgePortState::Forwarding => "forwarding".into(),
        BridgePortState::Blocking => "blocking".into(),
        other => u8::from(other).to_string(),
    }
}
