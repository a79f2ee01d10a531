//! How an administrator of Patgate writes a slapd down.

use super::{GROUPS, PEOPLE, READER, READER_PASSWORD, Slapd};

impl Slapd {
    /// Patgate's table of it, under this name: over `ldaps`, with the reader, with the search for groups, and with re-checks
    /// that confirm. A line of
    /// `lines` takes the place of the table's own line for the same key, and `key =` takes that line out.
    ///
    /// ```no_run
    /// use patgate_testkit::servers::slapd::Slapd;
    /// let table = Slapd::start().table("corp", "timeout_seconds = 2\ngroup_search_base =\n");
    /// assert!(table.starts_with("[[ldap]]\nname = 'corp'\nurls = ['ldaps://127.0.0.1:"));
    /// ```
    #[must_use]
    pub fn table(&self, name: &str, lines: &str) -> String {
        let own = format!(
            "urls = ['{}']\ntrust = '{}'\nmanager_dn = '{READER}'\nmanager_password = '{READER_PASSWORD}'\n\
             user_search_base = '{PEOPLE}'\ngroup_search_base = '{GROUPS}'\n\
             recheck_confirms = true\n",
            self.ldaps_url(),
            self.authority().display()
        );
        let mut written: Vec<(&str, &str)> = Vec::new();
        for (key, value) in own.lines().chain(lines.lines()).filter_map(|line| line.split_once('=')) {
            let (key, value) = (key.trim(), value.trim());
            written.retain(|(earlier, _)| *earlier != key);
            if !value.is_empty() {
                written.push((key, value));
            }
        }
        let lines: String = written.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        format!("[[ldap]]\nname = '{name}'\n{lines}")
    }
}
