//! Which part of a list a client asks for: `page` from 0 and `resultsPerPage`, of which -1 is all.

use crate::problem::Problem;

/// Which rows of a list are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) struct Asked {
    /// How many are before them.
    pub(in crate::api) skip: u64,
    /// How many they are at most.
    pub(in crate::api) most: u64,
}

impl Asked {
    /// All of them.
    pub(in crate::api) const ALL: Self = Self { skip: 0, most: u64::MAX };

    /// Those of a page. `absent`: how many results a page has when nothing is said.
    ///
    /// # Errors
    /// 400 for what is no number, and for pages without results.
    pub(in crate::api) fn of(
        page: Option<&str>,
        results_per_page: Option<&str>,
        absent: i64,
    ) -> Result<Self, Problem> {
        let number = |name: &str, text: Option<&str>, absent: i64| {
            let number = text.map_or(Ok(absent), str::parse::<i64>);
            number
                .map_err(|_| Problem::field(name, format!("The query parameter `{name}` is a whole number")))
        };
        let page = number("page", page, 0)?.max(0).unsigned_abs();
        match u64::try_from(number("resultsPerPage", results_per_page, absent)?) {
            Err(_) => Ok(Self::ALL),
            Ok(0) => {
                let detail = "The query parameter `resultsPerPage` is 1 or more, or -1 for all";
                Err(Problem::field("resultsPerPage", detail))
            }
            Ok(size) => Ok(Self { skip: page.saturating_mul(size), most: size }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minus_one_is_everything_and_a_page_begins_at_nought() {
        let asked = |page, size| Asked::of(page, size, -1);
        assert_eq!(asked(None, None).unwrap(), Asked::ALL);
        assert_eq!(asked(Some("3"), Some("-1")).unwrap(), Asked::ALL);
        assert_eq!(asked(Some("2"), Some("10")).unwrap(), Asked { skip: 20, most: 10 });
        assert_eq!(asked(Some("-1"), Some("10")).unwrap(), Asked { skip: 0, most: 10 });
        assert_eq!(Asked::of(None, None, 100).unwrap(), Asked { skip: 0, most: 100 });
        assert!(asked(None, Some("0")).is_err() && asked(Some("x"), Some("1")).is_err());
    }
}
