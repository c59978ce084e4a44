//! `ping`: echo requests from inside a namespace, for containers that have no
//! ping of their own.

use std::thread;
use std::time::{Duration, Instant};

use ovl_cli::shape::Netns;
use ovl_cli::{Context, Error, Exit, output};
use ovl_core::error::{Failure, errno_text};
use ovl_core::icmp::{Echo, Outcome};
use serde::Serialize;
use serde_json::json;

use crate::cli::Ping;

/// ICMP and IPv4 headers: what a packet has beside its data.
const HEADERS_V4: usize = 28;
/// ICMP and IPv6 headers.
const HEADERS_V6: usize = 48;
/// How often a size is tried before it counts as too large: a first packet may
/// be lost to a neighbour that has to be asked for.
const TRIES: u16 = 2;

/// What came of it all.
#[derive(Debug, Serialize)]
struct Summary {
    /// As the user wrote it.
    #[serde(skip)]
    label: String,
    netns: Option<Netns>,
    to: std::net::IpAddr,
    sent: u16,
    received: u16,
    size: u16,
    /// Milliseconds of each reply.
    rtt_ms: Vec<f64>,
    /// What was said in place of a reply.
    errors: Vec<String>,
}

/// `ping`.
pub fn ping(context: &Context, args: &Ping) -> Result<Exit, Error> {
    let resolved = context.resolve(&args.ns)?;
    let netns = resolved.decl().label();
    let failed = |why| {
        let object = args.to.to_string();
        Error::from(Failure { op: "ping".into(), object, netns: netns.clone(), why })
    };
    let df = args.df || args.find_mtu;
    let echo = Echo::open_in(&resolved.ns, args.to, df, args.dev.as_ref()).map_err(&failed)?;
    if args.find_mtu {
        let netns = context.object(&resolved.ns);
        return find_mtu(context, args, &echo, netns.as_ref()).map_err(&failed)?;
    }
    let mut summary = Summary {
        label: resolved.label.clone(),
        netns: context.object(&resolved.ns),
        to: args.to,
        sent: 0,
        received: 0,
        size: args.size,
        rtt_ms: Vec::new(),
        errors: Vec::new(),
    };
    let quiet = context.flags.quiet || context.flags.is_structured();
    let deadline = args.wait.map(|wait| Instant::now() + wait);
    let mut seq = 0u16;
    while seq < args.count {
        if seq > 0 {
            thread::sleep(args.interval);
        }
        seq += 1;
        let outcome = echo.ask(seq, usize::from(args.size), args.timeout).map_err(&failed)?;
        let waiting = summary.received == 0 && deadline.is_some_and(|d| Instant::now() < d);
        if waiting && !matches!(outcome, Outcome::Reply { .. }) {
            // Not one that counts: the far side may still be on its way up.
            seq -= 1;
            thread::sleep(args.interval);
            continue;
        }
        summary.sent += 1;
        let line = take(&mut summary, args, seq, outcome);
        if !quiet {
            output::print(&format!("{line}\n"))?;
        }
    }
    finish(context, &summary)
}

fn take(summary: &mut Summary, args: &Ping, seq: u16, outcome: Outcome) -> String {
    match outcome {
        Outcome::Reply { from, bytes, ttl, time } => {
            summary.received += 1;
            let ms = time.as_secs_f64() * 1000.0;
            summary.rtt_ms.push((ms * 1000.0).round() / 1000.0);
            let ttl = ttl.map(|t| format!(" ttl={t}")).unwrap_or_default();
            format!("{bytes} bytes from {from}: icmp_seq={seq}{ttl} time={ms:.3} ms")
        }
        Outcome::Refused { from, why, .. } => {
            summary.errors.push(format!("{from}: {why}"));
            format!("from {from}: icmp_seq={seq} {why}")
        }
        Outcome::NotSent(errno) => {
            let why = errno_text(errno).to_lowercase();
            summary.errors.push(why.clone());
            format!("icmp_seq={seq} could not be sent: {why}")
        }
        Outcome::Silence => {
            format!("no reply from {}: icmp_seq={seq} within {:?}", args.to, args.timeout)
        }
    }
}

fn finish(context: &Context, summary: &Summary) -> Result<Exit, Error> {
    let text = |_| {
        let times = &summary.rtt_ms;
        let least = times.iter().copied().fold(f64::INFINITY, f64::min);
        let most = times.iter().copied().fold(0.0, f64::max);
        let count = f64::from(summary.received.max(1));
        let mean = times.iter().sum::<f64>() / count;
        let times = if times.is_empty() {
            String::new()
        } else {
            format!(", min/avg/max {least:.3}/{mean:.3}/{most:.3} ms")
        };
        format!(
            "{} → {}: {} sent, {} received{times}\n",
            summary.label, summary.to, summary.sent, summary.received
        )
    };
    if !context.flags.quiet {
        output::show(&context.flags, summary, text)?;
    }
    Ok(if summary.received > 0 { Exit::Done } else { Exit::Found })
}

/// The largest packet that is answered, found by halving.
fn find_mtu(
    context: &Context,
    args: &Ping,
    echo: &Echo,
    netns: Option<&Netns>,
) -> Result<Result<Exit, Error>, ovl_core::error::Fail> {
    let headers = if args.to.is_ipv4() { HEADERS_V4 } else { HEADERS_V6 };
    let mut seq = 0;
    let mut passes = |size: usize| -> Result<bool, ovl_core::error::Fail> {
        for _ in 0..TRIES {
            seq += 1;
            match echo.ask(seq, size, args.timeout.min(Duration::from_millis(500)))? {
                Outcome::Reply { .. } => return Ok(true),
                // Told, not only silent: no need to try again.
                Outcome::NotSent(_) | Outcome::Refused { .. } => return Ok(false),
                Outcome::Silence => {}
            }
        }
        Ok(false)
    };
    if !passes(0)? {
        let value = json!({ "netns": netns, "to": args.to, "mtu": null });
        let told = output::show(&context.flags, &value, |_| format!("no reply from {}\n", args.to));
        return Ok(told.map(|()| Exit::Found));
    }
    let (mut fits, mut fails) = (0usize, 65_536 - headers);
    while fails - fits > 1 {
        let middle = fits.midpoint(fails);
        if passes(middle)? {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    let mtu = fits + headers;
    let value = json!({ "netns": netns, "to": args.to, "mtu": mtu, "data": fits });
    let told = output::show(&context.flags, &value, |_| {
        format!("{mtu} bytes get through to {} ({fits} bytes of data)\n", args.to)
    });
    Ok(told.map(|()| Exit::Done))
}
