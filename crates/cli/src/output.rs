//! What commands write: results to the output, so that scripts can take them; sentences to the error output.

use std::io::{self, Write};

use crate::failure::Failure;

/// Writes a text as it is.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.map_err(|error| Failure::failed(format_args!("cannot write: {error}")))
}

/// Tells a person what was done.
#[expect(clippy::print_stderr, reason = "the person at the terminal is who this is for")]
pub(crate) fn tell(sentence: &str) {
    eprintln!("{sentence}");
}

/// Writes rows under a heading, in columns as wide as what they hold.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: Vec<[String; N]>) -> Result<(), Failure> {
    print(&columns(heading, rows))
}

fn columns<const N: usize>(heading: [&str; N], rows: Vec<[String; N]>) -> String {
    let mut all = vec![heading.map(str::to_owned)];
    all.extend(rows);
    let widths: [usize; N] =
        std::array::from_fn(|at| all.iter().map(|row| row[at].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for row in all {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["ann", "Ännchen"], ["b", ""]].map(|row| row.map(str::to_owned)).to_vec();
        assert_eq!(columns(["NAME", "FULL NAME"], rows), "NAME  FULL NAME\nann   Ännchen\nb\n");
    }
}
