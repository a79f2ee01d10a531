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

/// Rows under a heading, written as they come: columns are as wide as what they held until then.
pub(crate) struct Table<const N: usize> {
    heading: Option<[&'static str; N]>,
    widths: [usize; N],
}

impl<const N: usize> Table<N> {
    /// A table of which nothing is written yet.
    pub(crate) fn new(heading: [&'static str; N]) -> Self {
        Self { heading: Some(heading), widths: [0; N] }
    }

    /// Writes more rows, the first ones under the heading.
    pub(crate) fn write(&mut self, rows: Vec<[String; N]>) -> Result<(), Failure> {
        if rows.is_empty() { Ok(()) } else { print(&self.lines(rows)) }
    }

    /// Writes the heading of a table without rows.
    pub(crate) fn end(mut self) -> Result<(), Failure> {
        print(&self.lines(Vec::new()))
    }

    fn lines(&mut self, rows: Vec<[String; N]>) -> String {
        let heading = self.heading.take().map(|heading| heading.map(str::to_owned));
        let all: Vec<_> = heading.into_iter().chain(rows).collect();
        for (at, width) in self.widths.iter_mut().enumerate() {
            *width = all.iter().map(|row| row[at].chars().count()).max().unwrap_or(0).max(*width);
        }
        let mut text = String::new();
        for row in all {
            let cells = row.iter().zip(self.widths).map(|(cell, width)| format!("{cell:width$}"));
            text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_until_then() {
        let rows = |rows: [[&str; 2]; 2]| rows.map(|row| row.map(str::to_owned)).to_vec();
        let mut table = Table::new(["NAME", "FULL NAME"]);
        let first = table.lines(rows([["ann", "Ännchen"], ["b", ""]]));
        assert_eq!(first, "NAME  FULL NAME\nann   Ännchen\nb\n");
        assert_eq!(table.lines(rows([["c", "C"], ["dorothea", "D"]])), "c         C\ndorothea  D\n");
        assert_eq!(table.lines(Vec::new()), "");
    }
}
