//! Scripts that nobody would write: well formed and not, deep, long, odd.

use std::ops::Range;

use rand_core::Rng;

use crate::random::seeded;

/// The variable that says how many of them a trial runs.
const COUNT: &str = "PATGATE_TEST_SCRIPTS";
/// The variable that says with the number of which it begins; without it, with 0.
const FIRST: &str = "PATGATE_TEST_FIRST_SCRIPT";
/// How many without [`COUNT`]: a ten-thousandth of what `cargo xtask soak` runs.
const USUAL: u32 = 100;

/// Words of which a script is made; some are none of the language.
const WORDS: [&str; 72] = [
    "x",
    "y",
    "f",
    "releaseVariables",
    "api",
    "json",
    "print",
    "fail",
    "len",
    "range",
    "list",
    "dict",
    "set",
    "str",
    "int",
    "sorted",
    "zip",
    "map",
    "filter",
    "partial",
    "struct",
    "hash",
    "repr",
    "getattr",
    "enumerate",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "=",
    "+",
    "*",
    "**",
    "-",
    "//",
    "%",
    "|",
    "<<",
    "==",
    "in",
    "not",
    "and",
    "or",
    "if",
    "else",
    "for",
    "def",
    "return",
    "lambda",
    "pass",
    "break",
    "load",
    "0",
    "1",
    "-1",
    "1.5",
    "1e999",
    "9999999999999999999",
    "0x",
    "'a'",
    "\"é\"",
    "f'{x}'",
    "b'\\x00'",
    ".get",
    ".append",
    ".json",
    "\n",
    "\n  ",
];

/// Statements that are right, of which a script may take some.
const STATEMENTS: [&str; 14] = [
    "x = releaseVariables\n",
    "x = [i * i for i in range(50)]\n",
    "def f(a, b=2, *c, **d):\n    return [a, b, c, d]\n",
    "for i in range(300000):\n    x = i\n",
    "print(json.encode(x))\n",
    "x = 'ab' * 100000\n",
    "x = {str(i): [i] for i in range(1000)}\n",
    "x = [x, x, x, x]\n",
    "releaseVariables['k'] = x\n",
    "y = api.get('/api/v1/releases')\n",
    "print(str(x)[:100])\n",
    "x = sorted([3, 1, 2], key=lambda v: -v)\n",
    "x = f(1, 2, 3, k=4)\n",
    "x = '%s %r %d' % (1, 'a', 3)\n",
];

/// The numbers of the scripts that a trial runs.
///
/// # Panics
/// When a variable says something else than a number, or the last number is none.
#[must_use]
pub fn numbers() -> Range<u32> {
    let (first, count) = (given(FIRST).unwrap_or(0), given(COUNT).unwrap_or(USUAL));
    let end = first.checked_add(count);
    first..end.unwrap_or_else(|| panic!("there are not {count} scripts from the number {first} on"))
}

/// What a variable says, when it is set.
fn given(variable: &str) -> Option<u32> {
    #[expect(clippy::disallowed_methods, reason = "set by `cargo xtask soak`, not by people")]
    let given = std::env::var(variable).ok()?;
    Some(given.parse().unwrap_or_else(|_| panic!("`{variable}` is no number")))
}

/// The script of a number: the same each time.
#[must_use]
pub fn script(number: u32) -> String {
    let mut random = seeded(u64::from(number));
    let mut below = |most: usize| random.next_u64() as usize % most;
    match below(6) {
        0 => (0..below(40)).map(|_| WORDS[below(WORDS.len())]).collect::<Vec<_>>().join(" "),
        1 => (0..below(12)).map(|_| STATEMENTS[below(STATEMENTS.len())]).collect(),
        2 => {
            let open = WORDS[below(WORDS.len())];
            open.repeat(below(20_000))
        }
        3 => {
            // Right statements with a part replaced.
            let mut text: Vec<char> =
                (0..=below(6)).flat_map(|_| STATEMENTS[below(STATEMENTS.len())].chars()).collect();
            for _ in 0..=below(4) {
                let at = below(text.len());
                let word = WORDS[below(WORDS.len())].chars();
                let end = (at + below(4)).min(text.len());
                text.splice(at..end, word);
            }
            text.into_iter().collect()
        }
        4 => (0..below(300)).filter_map(|_| char::from_u32(below(0x11_0000) as u32)).collect(),
        _ => {
            let deep = below(400);
            format!("x = {}1{}\n{}", "[".repeat(deep), "]".repeat(deep), STATEMENTS[below(STATEMENTS.len())])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_always_means_the_same_script() {
        assert!((0..200).all(|number| script(number) == script(number)));
        assert!((0..200).any(|number| script(number) != script(number + 1)));
    }
}
