//! `docs/reference/performance.md`: one section a benchmark, each rewritten by its own run alone.

use std::fs;

use super::machine;
use crate::failure::Failure;
use crate::tree;

/// Relative to the workspace.
const PAGE: &str = "docs/reference/performance.md";

/// Cores that others may use during a run that is written down.
const QUIET: f64 = 0.2;

/// Puts the text, under a line about the machine, into the section of this name, between its two marks. A run beside
/// which others used more than [`QUIET`] cores is worth no place there, unless somebody insists.
///
/// # Errors
/// When the page cannot be read or written, or has no such marks.
pub(super) fn write(section: &str, others: f64, insists: bool, text: &str) -> Result<(), Failure> {
    if others > QUIET && !insists {
        println!(
            "not written to `{PAGE}`: others used {others:.2} cores; run it again when the machine is quiet, or with \
             `--anyway`"
        );
        return Ok(());
    }
    let path = tree::root().join(PAGE);
    let page = fs::read_to_string(&path).map_err(Failure::file(&path))?;
    let text = format!("Machine: {}; others used {others:.2} cores.\n\n{text}", machine::description()?);
    let page = replaced(&page, section, &text).ok_or_else(|| {
        Failure::Found(format!("`{PAGE}` has no lines `{}` and `{}`", mark(section), end(section)))
    })?;
    fs::write(&path, page).map_err(Failure::file(&path))?;
    println!("wrote the section `{section}` of `{PAGE}`");
    Ok(())
}

fn replaced(page: &str, section: &str, text: &str) -> Option<String> {
    let (before, rest) = page.split_once(&mark(section))?;
    let (_, after) = rest.split_once(&end(section))?;
    Some(format!("{before}{}\n{}\n{}{after}", mark(section), text.trim(), end(section)))
}

fn mark(section: &str) -> String {
    format!("<!-- bench {section} -->")
}

fn end(section: &str) -> String {
    format!("<!-- end of bench {section} -->")
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "# P\n<!-- bench a -->\n<!-- end of bench a -->\n\n<!-- bench b -->\nold\n<!-- end of bench b -->\nend\n";

    #[test]
    fn a_run_rewrites_its_own_section_only() {
        let first = replaced(EMPTY, "a", "new\n").unwrap();
        assert_eq!(first, EMPTY.replace("<!-- bench a -->\n", "<!-- bench a -->\nnew\n"));
        assert_eq!(replaced(&first, "b", "newer").unwrap(), first.replace("old", "newer"));
        assert_eq!(replaced(&first, "a", "new").unwrap(), first);
    }

    #[test]
    fn a_page_without_the_section_is_refused() {
        assert_eq!(replaced(EMPTY, "c", "new"), None);
    }
}
