//! The rules of the tree that no compiler knows. Also a test, so that nobody learns of them late.

mod dependencies;
mod files;

use crate::failure::Failure;

/// Prints every finding.
///
/// # Errors
/// When there is one.
pub(crate) fn run() -> Result<(), Failure> {
    let findings = findings()?;
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        1 => Err(Failure::Found("the tree breaks a rule in one place, named above".to_owned())),
        count => Err(Failure::Found(format!("the tree breaks its rules in {count} places, named above"))),
    }
}

/// All of them, each one line: the place, and what to do.
fn findings() -> Result<Vec<String>, Failure> {
    let mut findings = dependencies::findings()?;
    findings.extend(files::findings()?);
    Ok(findings)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_tree_is_tidy() {
        assert_eq!(super::findings().unwrap(), Vec::<String>::new());
    }
}
