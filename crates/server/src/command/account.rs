//! Who runs a command: the operating system's account, for the audit log.

use std::fs;
use std::os::unix::fs::MetadataExt;

/// The longest name that is written, in characters.
const LONGEST: usize = 64;

/// The account's name, or its number where the system knows no name (a container often has none).
pub(super) fn name() -> String {
    let number = fs::metadata("/proc/self").map(|metadata| metadata.uid());
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    match number {
        Ok(number) => name_of(number, &accounts).unwrap_or_else(|| format!("uid {number}")),
        Err(_) => "unknown".to_owned(),
    }
}

/// Looks a number up in the text of `/etc/passwd` (passwd(5): `name:password:number:…`).
fn name_of(number: u32, accounts: &str) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _password, of) = (fields.next()?, fields.next()?, fields.next()?);
        let is_it = of.parse() == Ok(number) && !name.is_empty();
        is_it.then(|| name.chars().filter(|c| !c.is_control()).take(LONGEST).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_the_name_that_the_system_gives_it() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nbroken\n:x:7:7\nann:x:1000:1000::/home/ann:/bin/sh\n";
        assert_eq!(name_of(1_000, accounts).as_deref(), Some("ann"));
        assert_eq!(name_of(7, accounts), None);
        assert_eq!(name_of(8, accounts), None);
        assert!(!name().is_empty());
    }
}
