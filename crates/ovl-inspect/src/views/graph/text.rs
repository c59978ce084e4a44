//! How much room text takes, what is cut off, and which characters are shown as
//! they are. Names come from strangers. Knows nothing of what is written.

use std::borrow::Cow;

/// Size of the letters, in pixels.
pub const SIZE: i32 = 11;

/// From one line to the next.
pub const LINE: i32 = 15;

/// What is in place of what was cut off.
const ELLIPSIS: char = '…';

/// The room that so many columns of monospaced text take. The widest of the usual
/// fonts advances 0.602 of the size; a little more is left for others.
pub fn room(columns: usize) -> i32 {
    let columns = i32::try_from(columns).unwrap_or(i32::MAX / 128);
    (columns * SIZE * 62 + 99) / 100
}

/// How many columns fit.
pub fn columns_in(room: i32) -> usize {
    usize::try_from(room.max(0) * 100 / (SIZE * 62)).unwrap_or_default()
}

/// How many columns a text takes: a character outside of the Latin, Greek and
/// Cyrillic ranges may be a wide one, from another font.
pub fn columns(text: &str) -> usize {
    text.chars().map(advance).sum()
}

fn advance(c: char) -> usize {
    match c {
        '\u{20}'..='\u{52f}' | ELLIPSIS | '–' => 1,
        _ => 2,
    }
}

/// So much of a text as fits, with an ellipsis where it was cut.
pub fn fit(text: &str, most: usize) -> Cow<'_, str> {
    if columns(text) <= most {
        return Cow::Borrowed(text);
    }
    let mut left = most.saturating_sub(1);
    let mut cut = String::new();
    for c in text.chars() {
        let Some(rest) = left.checked_sub(advance(c)) else { break };
        left = rest;
        cut.push(c);
    }
    if most > 0 {
        cut.push(ELLIPSIS);
    }
    Cow::Owned(cut)
}

/// A text whose characters can all be seen: control characters, and those that
/// turn the direction of what follows, are written as escapes.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{300}'..='\u{36f}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// A name in an order in which `x10` comes after `x2`.
pub fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = vec![(String::new(), 0_u64)];
    let mut in_number = false;
    for c in name.chars() {
        let Some((text, number)) = parts.last_mut() else { break };
        match c.to_digit(10) {
            Some(digit) => {
                *number = number.saturating_mul(10).saturating_add(u64::from(digit));
                in_number = true;
            }
            None if in_number => {
                parts.push((c.into(), 0));
                in_number = false;
            }
            None => text.push(c),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_fits_and_says_so() {
        assert_eq!(fit("eth0", 4), "eth0");
        assert_eq!(fit("docker_gwbridge", 8), "docker_…");
        assert_eq!(fit("中国中国", 6), "中国…");
        assert_eq!(fit("eth0", 0), "");
        for most in 0..20 {
            assert!(columns(&fit("中a国b·c⇄defgh", most)) <= most);
        }
    }

    #[test]
    fn nothing_that_cannot_be_seen_gets_through() {
        assert_eq!(plain("a\u{202e}b\n\u{0}\u{fffe}"), "a\\u{202e}b\\u{a}\\u{0}\\u{fffe}");
        assert_eq!(plain("<b>&中"), "<b>&中");
    }

    #[test]
    fn numbers_in_names_count() {
        let mut names = ["x10", "x2", "y", "x2-3", "x", "x2-20"];
        names.sort_by_key(|n| natural(n));
        assert_eq!(names, ["x", "x2", "x2-3", "x2-20", "x10", "y"]);
    }

    #[test]
    fn the_room_for_columns_holds_them() {
        for columns in 0..200 {
            assert!(columns_in(room(columns)) >= columns, "{columns}");
        }
    }
}
