//! Signs below one another, each as near as can be to where it is wished. Knows
//! nothing of what they are of.

/// Signs that stand below one another without a space between them.
struct Pile {
    /// Where its first sign would have to be for each to be where it is wished: the sum.
    wishes: i32,
    /// How many there are.
    count: i32,
    /// How high they are together.
    height: i32,
}

impl Pile {
    fn top(&self, first: i32) -> i32 {
        (self.wishes / self.count).max(first)
    }
}

/// The upper edges of signs, given what is wished and how high each is, in the
/// order of the wishes. Those that would overlap form a pile around what they wish.
pub fn piled(first: i32, sizes: &[(i32, i32)]) -> Vec<i32> {
    let mut piles: Vec<Pile> = Vec::new();
    for (wished, height) in sizes {
        let mut pile = Pile { wishes: *wished, count: 1, height: *height };
        while let Some(above) =
            piles.pop_if(|above| above.top(first) + above.height > pile.top(first))
        {
            pile = Pile {
                wishes: above.wishes + pile.wishes - pile.count * above.height,
                count: above.count + pile.count,
                height: above.height + pile.height,
            };
        }
        piles.push(pile);
    }
    let mut heights = sizes.iter().map(|(_, height)| *height);
    let mut ys = Vec::new();
    for pile in piles {
        let mut y = pile.top(first);
        for height in heights.by_ref().take(usize::try_from(pile.count).unwrap_or(0)) {
            ys.push(y);
            y += height;
        }
    }
    ys
}

#[cfg(test)]
mod tests {
    use super::piled;

    #[test]
    fn signs_stand_where_they_are_wished_or_around_it() {
        assert_eq!(piled(0, &[(100, 30), (200, 30)]), [100, 200]);
        assert_eq!(piled(0, &[(100, 30), (100, 30)]), [85, 115]);
        assert_eq!(piled(95, &[(100, 30), (100, 30)]), [95, 125]);
        assert_eq!(piled(0, &[(0, 30), (100, 30), (110, 30), (300, 30)]), [0, 90, 120, 300]);
        assert!(piled(0, &[]).is_empty());
    }
}
