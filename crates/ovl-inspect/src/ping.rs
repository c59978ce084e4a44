//! `ping`: echo requests from inside a namespace, for containers that have no
//! ping of their own.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use ovl_cli::shape::Netns;
use ovl_cli::stop::{Stop, exit_for};
use ovl_cli::{Context, Error, Exit, output};
use ovl_core::error::{Fail, Failure, errno_text};
use ovl_core::icmp::{Echo, Outcome};
use serde::Serialize;
use serde_json::json;

use crate::cli::{Ping, Target};

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
    to: String,
    sent: u32,
    received: u32,
    size: u16,
    /// Milliseconds of each reply.
    rtt_ms: Vec<f64>,
    /// What was said in place of a reply.
    errors: Vec<String>,
}

/// `ping`.
pub fn ping(context: &Context, args: &Ping) -> Result<Exit, Error> {
    let (ns, to) = args.whom()?;
    let dev = args.device(&to)?;
    let resolved = context.resolve(&ns)?;
    let netns = resolved.decl().label();
    let failed = |why| {
        let object = to.to_string();
        Error::from(Failure { op: "ping".into(), object, netns: netns.clone(), why })
    };
    let df = args.df || args.find_mtu;
    let echo = Echo::open_in(&resolved.ns, to.ip, df, dev).map_err(&failed)?;
    let stop = Stop::arm();
    if args.find_mtu {
        let asker = Asker { echo: &echo, stop: &stop, args, to: &to };
        let fits = asker.largest().map_err(&failed)?;
        let signal = stop.requested();
        drop(stop);
        return match signal {
            Some(signal) => Err(Error::interrupted(signal)),
            None => tell_mtu(context, &to, fits, context.object(&resolved.ns).as_ref()),
        };
    }
    let summary = Summary {
        label: resolved.label.clone(),
        netns: context.object(&resolved.ns),
        to: to.to_string(),
        sent: 0,
        received: 0,
        size: args.size,
        rtt_ms: Vec::new(),
        errors: Vec::new(),
    };
    let deadline = args.wait.map(|wait| Instant::now() + wait);
    let is_quiet = context.flags.quiet || context.flags.is_structured();
    let mut round = Round { echo: &echo, stop: &stop, args, to: &to, deadline, is_quiet, summary };
    let is_broadcast = round.run(failed)?;
    if is_broadcast {
        return Err(broadcast(&to, netns));
    }
    let summary = round.summary;
    let signal = stop.requested();
    // From here on a signal ends it at once, whoever reads or does not.
    drop(stop);
    let exit = finish(context, &summary)?;
    Ok(signal.map_or(exit, exit_for))
}

/// One request after the other.
struct Round<'a> {
    echo: &'a Echo,
    stop: &'a Stop,
    args: &'a Ping,
    to: &'a Target,
    /// Until then the first reply is waited for; what comes before it is not counted
    /// as one of those that were asked for.
    deadline: Option<Instant>,
    is_quiet: bool,
    summary: Summary,
}

impl Round<'_> {
    /// Asks as often as was asked for, or until a signal comes. `true`: it is a
    /// broadcast address, and nothing was sent.
    fn run(&mut self, failed: impl Fn(Fail) -> Error) -> Result<bool, Error> {
        let mut counted = 0;
        loop {
            self.summary.sent += 1;
            // A packet has room for 16 bits of it.
            let seq = u16::try_from(self.summary.sent & 0xffff).unwrap_or_default();
            let (size, stop) = (usize::from(self.args.size), self.stop.as_fd());
            let outcome = self.echo.ask(seq, size, self.patience(), stop).map_err(&failed)?;
            if outcome == Outcome::Broadcast {
                return Ok(true);
            }
            let is_reply = matches!(outcome, Outcome::Reply { .. });
            let awaited = self.deadline.filter(|_| !is_reply && self.summary.received == 0);
            // The far side may still be on its way up.
            let goes_on = awaited.is_some_and(|end| Instant::now() + self.args.interval < end);
            if !(goes_on && outcome != Outcome::Stopped) {
                if !self.tell(seq, outcome, awaited.is_some())? || awaited.is_some() {
                    return Ok(false);
                }
                counted += 1;
            }
            if counted == self.args.count || is_stopped(self.stop, self.args.interval) {
                return Ok(false);
            }
        }
    }

    /// How long an answer is waited for.
    fn patience(&self) -> Duration {
        let left = self.deadline.filter(|_| self.summary.received == 0);
        let left = left.map(|end| end.saturating_duration_since(Instant::now()));
        left.map_or(self.args.timeout, |left| left.min(self.args.timeout))
    }

    /// Counts an outcome, and says it; `false` where there is nothing to say: a signal
    /// came first. `in_vain`: all that was waited for is over.
    fn tell(&mut self, seq: u16, outcome: Outcome, in_vain: bool) -> Result<bool, Error> {
        let args = self.args;
        let line = match (args.wait.filter(|_| in_vain), outcome) {
            (Some(wait), Outcome::Silence) => {
                Some(format!("no reply from {} within {wait:?}", self.to))
            }
            (_, outcome) => take(&mut self.summary, args.timeout, seq, outcome),
        };
        if let Some(line) = line.as_ref().filter(|_| !self.is_quiet) {
            output::is_read(&format!("{line}\n"))?;
        }
        Ok(line.is_some())
    }
}

/// Waits for so long; `true` when a signal came first.
fn is_stopped(stop: &Stop, time: Duration) -> bool {
    let Some(fd) = stop.as_fd() else {
        std::thread::sleep(time);
        return false;
    };
    let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX);
    poll(&mut [PollFd::new(fd, PollFlags::POLLIN)], time).is_ok_and(|ready| ready > 0)
}

/// Whoever asks everybody gets as many answers as there are hosts, and most give none.
fn broadcast(to: &Target, netns: Option<String>) -> Error {
    let place = netns.as_ref().map(|netns| format!(" in netns {netns}")).unwrap_or_default();
    let why = "it is a broadcast address, that of all hosts of its network";
    let error = Error::new(Exit::Failed, format!("cannot ping {to}{place}: {why}"));
    Error { errno: Some(Errno::EACCES), ..error.about("ping", to.to_string(), netns) }
        .hint("the address of one host is answered")
}

/// Counts it, and says it in a line; `None` for what was not waited for.
fn take(summary: &mut Summary, timeout: Duration, seq: u16, outcome: Outcome) -> Option<String> {
    Some(match outcome {
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
            let why = not_sent(errno);
            summary.errors.push(why.clone());
            format!("icmp_seq={seq} could not be sent: {why}")
        }
        Outcome::Silence => {
            format!("no reply from {}: icmp_seq={seq} within {timeout:?}", summary.to)
        }
        Outcome::Broadcast | Outcome::Stopped => return None,
    })
}

/// Why this host did not send it.
fn not_sent(errno: Errno) -> String {
    match errno {
        Errno::EINVAL => "a route discards it (blackhole)".into(),
        // What the other end of a cable has no room for is dropped like what a queue
        // has none for.
        Errno::ENOBUFS => {
            "it was dropped: a queue is full, or the other end of the cable takes less".into()
        }
        other => errno_text(other).to_lowercase(),
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

/// Who asks for sizes.
struct Asker<'a> {
    echo: &'a Echo,
    stop: &'a Stop,
    args: &'a Ping,
    to: &'a Target,
}

impl Asker<'_> {
    /// The most data that is answered, found by halving; `None`: nothing is. When a
    /// signal comes, the answer means nothing.
    fn largest(&self) -> Result<Option<usize>, Fail> {
        let mut seq = 0;
        if !self.passes(&mut seq, 0)? {
            return Ok(None);
        }
        let (mut fits, mut fails) = (0usize, 65_536 - headers(self.to));
        while fails - fits > 1 {
            let middle = fits.midpoint(fails);
            if self.passes(&mut seq, middle)? {
                fits = middle;
            } else {
                fails = middle;
            }
        }
        Ok(Some(fits))
    }

    fn passes(&self, seq: &mut u16, size: usize) -> Result<bool, Fail> {
        let patience = self.args.timeout.min(Duration::from_millis(500));
        for _ in 0..TRIES {
            *seq += 1;
            match self.echo.ask(*seq, size, patience, self.stop.as_fd())? {
                Outcome::Reply { .. } => return Ok(true),
                // It may only have been a queue that was full.
                Outcome::Silence | Outcome::NotSent(Errno::ENOBUFS) => {}
                // Told, not only silent: no need to try again.
                Outcome::NotSent(_)
                | Outcome::Refused { .. }
                | Outcome::Broadcast
                | Outcome::Stopped => return Ok(false),
            }
        }
        Ok(false)
    }
}

/// What a packet has beside its data.
fn headers(to: &Target) -> usize {
    if to.ip.is_ipv4() { HEADERS_V4 } else { HEADERS_V6 }
}

fn tell_mtu(
    context: &Context,
    to: &Target,
    fits: Option<usize>,
    netns: Option<&Netns>,
) -> Result<Exit, Error> {
    let Some(fits) = fits else {
        let value = json!({ "netns": netns, "to": to.to_string(), "mtu": null });
        output::show(&context.flags, &value, |_| format!("no reply from {to}\n"))?;
        return Ok(Exit::Found);
    };
    let mtu = fits + headers(to);
    let value = json!({ "netns": netns, "to": to.to_string(), "mtu": mtu, "data": fits });
    output::show(&context.flags, &value, |_| {
        format!("{mtu} bytes get through to {to} ({fits} bytes of data)\n")
    })?;
    Ok(Exit::Done)
}
