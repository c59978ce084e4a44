//! The signs of tunnels, meshes and VTEPs that are not seen, with their thick lines.

use std::fmt::Write as _;

use super::super::layout::{Line, MARGIN, Sign};
use super::super::model::{CardId, Vtep};
use super::super::path::path;
use super::super::text::LINE;
use super::{FOOT, Svg};

impl Svg<'_> {
    pub(super) fn signs(&mut self) {
        let layout = self.layout;
        for sign in &layout.tunnels {
            self.tunnel(sign);
        }
        for (number, lines) in &layout.buses {
            self.bus(*number, lines);
        }
        for sign in &layout.meshes {
            self.mesh(sign);
        }
        for sign in &layout.remotes {
            self.remote(sign);
        }
    }

    fn remote(&mut self, sign: &Sign) {
        let remote = &self.picture.remotes[sign.number];
        let _ = writeln!(self.out, "<g class=\"remote\" data-vtep=\"{}\">", remote.addr);
        let known = |(card, n): &(CardId, usize)| {
            format!("{}: {}", self.picture.place(*card), remote.behind(*n))
        };
        let mut words = vec![format!("{} is not seen from here", remote.label())];
        words.extend(remote.known_by.iter().map(known));
        self.tooltip(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let d: String = sign.lines.iter().map(|(_, line)| path(line)).collect();
        let _ = writeln!(self.out, "<path class=\"line\" d=\"{d}\"/>");
        self.rect("sign", sign.rect, 4);
        let here = |(card, _): &&(CardId, usize)| sign.lines.iter().any(|(c, _)| c == card);
        let endpoints = remote.known_by.iter().filter(here).map(|(_, n)| *n).max();
        let y = sign.rect.y + 4 + FOOT;
        self.text("vni", sign.rect.x + MARGIN, y, &remote.label());
        self.text("detail", sign.rect.x + MARGIN, y + LINE, &remote.behind(endpoints.unwrap_or(0)));
        self.out.push_str("</g>\n");
    }

    fn tunnel(&mut self, sign: &Sign) {
        let tunnel = &self.picture.tunnels[sign.number];
        let [a, b] = &tunnel.ends;
        let vni = tunnel.vni.map(|vni| vni.to_string()).unwrap_or_default();
        let _ = writeln!(
            self.out,
            "<g class=\"tunnel\" data-vni=\"{vni}\" {}>",
            self.ends(a.card, b.card)
        );
        let mut words = vec![tunnel.label()];
        for (end, other) in [(a, b), (b, a)] {
            let place = format!("{} ({})", self.picture.place(end.card), end.address());
            words.push(match end.fault(other) {
                None => format!("{place} knows {}", other.address()),
                Some(fault) => format!("{place}: {fault}"),
            });
        }
        self.tooltip(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let d: String = sign.lines.iter().map(|(_, line)| path(line)).collect();
        let _ = writeln!(self.out, "<path class=\"line thick\" d=\"{d}\"/>");
        for (end, _) in tunnel.faults() {
            for (_, line) in sign.lines.iter().filter(|(card, _)| *card == end.card) {
                let _ = writeln!(self.out, "<path class=\"line bad\" d=\"{}\"/>", path(line));
            }
        }
        self.rect("sign", sign.rect, 4);
        let (x, y) = (sign.rect.x + MARGIN, sign.rect.y + 4 + FOOT);
        if sign.is_flat {
            self.text(
                "vni",
                x,
                y,
                &format!("{} · {} – {}", tunnel.label(), a.address(), b.address()),
            );
        } else {
            let [left, right] = if sign.is_turned { [b, a] } else { [a, b] };
            self.text("vni", x, y, &tunnel.label());
            for (end, n) in [(left, 1), (right, 2)] {
                self.text("detail", x, y + n * LINE, &end.address());
            }
        }
        self.out.push_str("</g>\n");
    }

    /// What joins the signs of a mesh.
    fn bus(&mut self, number: usize, lines: &[Line]) {
        let mesh = &self.picture.meshes[number];
        let vni = mesh.vni.map(|vni| vni.to_string()).unwrap_or_default();
        let rises = self.layout.meshes.iter().filter(|sign| sign.number == number);
        let rises = rises.filter_map(|sign| sign.rise.as_ref());
        let d: String = lines.iter().chain(rises).map(path).collect();
        let _ = writeln!(self.out, "<g class=\"bus\" data-vni=\"{vni}\">");
        self.tooltip(&[&mesh.label()]);
        let _ = writeln!(self.out, "<path class=\"line thick\" d=\"{d}\"/></g>");
    }

    /// A mesh, where some of its devices are: what it is, and their addresses.
    fn mesh(&mut self, sign: &Sign) {
        let mesh = &self.picture.meshes[sign.number];
        let vni = mesh.vni.map(|vni| vni.to_string()).unwrap_or_default();
        let _ = writeln!(self.out, "<g class=\"tunnel mesh\" data-vni=\"{vni}\">");
        let end = |card: CardId| mesh.end(card).map(Vtep::address).unwrap_or_default();
        let mut words = vec![format!("{}: each knows every other one", mesh.label())];
        let place = |end: &Vtep| format!("{} ({})", self.picture.place(end.card), end.address());
        words.extend(mesh.ends.iter().map(place));
        self.tooltip(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let d: String = sign.lines.iter().map(|(_, line)| path(line)).collect();
        let _ = writeln!(self.out, "<path class=\"line thick\" d=\"{d}\"/>");
        self.rect("sign", sign.rect, 4);
        let (x, y) = (sign.rect.x + MARGIN, sign.rect.y + 4 + FOOT);
        self.text("vni", x, y, &mesh.label());
        for ((card, _), n) in sign.lines.iter().zip(1..) {
            self.text("detail", x, y + n * LINE, &end(*card));
        }
        self.out.push_str("</g>\n");
    }
}
