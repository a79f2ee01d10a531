//! Which changes of a mail server's JavaMail properties would send its password elsewhere, or guard it less on the way.

use std::collections::BTreeMap;

type Map = BTreeMap<String, String>;

/// Whether this change sends the password to another place or by a way that others can read or pretend to be.
///
/// Only changes that are known to guard it better, or not to touch it, pass: a property that is not understood must not
/// become a way around.
pub(super) fn leads_elsewhere(before: &Map, after: &Map) -> bool {
    let (before, after) = (Guards::of(before), Guards::of(after));
    let names = before.0.keys().chain(after.0.keys());
    names.into_iter().any(|name| {
        let (was, is) = (before.get(name), after.get(name));
        was != is && !guards_no_less(name, was, is, &after)
    })
}

/// The properties that decide where the password goes and who can read it on the way. Those that are read stand under
/// `mail.smtp.`, whichever of the two prefixes was written; any other spelling has no effect, stands as it was written,
/// and guards nothing.
struct Guards(BTreeMap<String, Vec<String>>);

/// What begins so says where the password goes, or how. The rest, such as timeouts, does not.
const LEADING: [&str; 12] = [
    "host",
    "port",
    "user",
    "auth",
    "sasl",
    "starttls",
    "ssl",
    "socks",
    "proxy",
    "socketfactory",
    "localaddress",
    "submitter",
];

impl Guards {
    fn of(map: &Map) -> Self {
        let mut guards: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in map {
            let name = name.trim();
            let read = ["mail.smtp.", "mail.smtps."].iter().find_map(|start| name.strip_prefix(start));
            let kept = read.map_or_else(|| name.to_owned(), |rest| format!("mail.smtp.{rest}"));
            let lower = name.to_lowercase();
            let rest =
                ["mail.smtp.", "mail.smtps.", "mail."].iter().find_map(|start| lower.strip_prefix(start));
            let first = rest.unwrap_or(&lower).split('.').next().unwrap_or_default();
            if LEADING.contains(&first) {
                // Both spellings of one property count, whichever is taken.
                guards.entry(kept).or_default().push(value.trim().to_owned());
            }
        }
        Self(guards)
    }

    fn get(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    fn is_true(&self, name: &str) -> bool {
        is_true(self.get(name))
    }
}

/// Whether all that is said of it is `true`, and something is.
fn is_true(values: &[String]) -> bool {
    !values.is_empty() && values.iter().all(|value| value.eq_ignore_ascii_case("true"))
}

/// Whether this change of a property is known to leave the password at least as well guarded.
fn guards_no_less(name: &str, was: &[String], is: &[String], after: &Guards) -> bool {
    match name {
        // TLS from the start, or none of the mail: nothing is stronger.
        "mail.smtp.ssl.enable" | "mail.smtp.starttls.required" => is_true(is),
        // `true` alone means *when it is offered*, which is less than what some ports demand by themselves.
        "mail.smtp.starttls.enable" => {
            is_true(is)
                && (after.is_true("mail.smtp.starttls.required") || after.is_true("mail.smtp.ssl.enable"))
        }
        // Names are checked when nothing is said.
        "mail.smtp.ssl.checkserveridentity" => is.is_empty() || is_true(is),
        "mail.smtp.ssl.trust" => is.is_empty() || trusts_no_more(was, is),
        _ => false,
    }
}

/// Whether each host that is trusted without a proof now was so before.
fn trusts_no_more(was: &[String], is: &[String]) -> bool {
    fn hosts(values: &[String]) -> Vec<String> {
        values.iter().flat_map(|value| value.split_whitespace()).map(str::to_lowercase).collect()
    }
    let was = hosts(was);
    let all = was.iter().any(|host| host == "*");
    // Nothing trusted by name is no trust in particular; what is there must have been there.
    !was.is_empty() && hosts(is).iter().all(|host| was.contains(host) || (all && host != "*"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn map(text: &str) -> Map {
        let pairs = text.split(';').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (format!("mail.{name}"), value.to_owned()))
            .collect()
    }

    #[test]
    fn what_weakens_or_leads_elsewhere_needs_the_password() {
        for (before, after) in [
            ("", "smtp.ssl.trust=*"),
            ("", "smtp.ssl.trust=mail.example.org"),
            ("smtp.ssl.trust=a", "smtp.ssl.trust=a b"),
            ("smtp.ssl.trust=a", "smtp.ssl.trust=*"),
            ("", "smtp.ssl.checkserveridentity=false"),
            ("smtp.ssl.checkserveridentity=true", "smtp.ssl.checkserveridentity=no"),
            ("smtp.ssl.enable=true", ""),
            ("smtp.ssl.enable=true", "smtp.ssl.enable=false"),
            ("", "smtp.ssl.enable=false"),
            ("smtp.starttls.required=true", ""),
            ("", "smtp.starttls.enable=false"),
            ("", "smtp.starttls.enable=true"),
            ("smtp.ssl.protocols=TLSv1.3", "smtp.ssl.protocols=TLSv1.2 TLSv1.3"),
            ("", "smtp.host=evil.example"),
            ("", "smtps.HOST=evil.example"),
            ("", "host=evil.example"),
            ("", "smtp.port=2525"),
            ("smtp.user=ann", "smtp.user=bob"),
            ("", "smtp.auth=true"),
            ("", "smtp.socks.host=evil.example"),
            ("", "smtp.proxy.host=evil.example"),
            ("", "smtp.socketFactory.class=x"),
            ("smtp.starttls.required=true", "smtp.starttls.required=true;smtps.starttls.required=false"),
            // What is written in another way has no effect.
            ("smtp.starttls.required=true", "starttls.required=true"),
            ("smtp.ssl.enable=true", "smtp.ssl.ENABLE=true"),
            ("smtp.ssl.enable=true", "SMTP.ssl.enable=true"),
            ("", "smtp.starttls.enable=true;starttls.required=true"),
            ("smtp.ssl.checkserveridentity=true", "smtp.ssl.checkServerIdentity=true;smtp.ssl.trust=*"),
        ] {
            assert!(leads_elsewhere(&map(before), &map(after)), "{before} -> {after}");
        }
        let map = |name: &str| Map::from([(name.to_owned(), "true".to_owned())]);
        let before = map("mail.smtp.starttls.required");
        for name in ["starttls.required", "Mail.smtp.starttls.required", "mail.smtp.starttls.Required"] {
            assert!(leads_elsewhere(&before, &map(name)), "{name}");
        }
        assert!(!leads_elsewhere(&before, &map("mail.smtps.starttls.required")));
    }

    #[test]
    fn what_strengthens_or_touches_nothing_needs_none() {
        for (before, after) in [
            ("", ""),
            ("", "smtp.timeout=5000;smtp.connectiontimeout=1000;smtp.localhost=me;smtp.from=a@b"),
            ("smtp.timeout=5000", ""),
            ("smtp.ssl.trust=*", ""),
            ("smtp.ssl.trust=*", "smtp.ssl.trust=mail.example.org"),
            ("smtp.ssl.trust=a  B", "smtp.ssl.trust=b"),
            ("smtp.ssl.checkserveridentity=false", ""),
            ("smtp.ssl.checkserveridentity=false", "smtp.ssl.checkserveridentity=true"),
            ("", "smtp.ssl.enable=true"),
            ("", "smtp.starttls.required=true"),
            ("", "smtp.starttls.enable=true;smtp.starttls.required=TRUE"),
            ("smtp.ssl.trust=a", "smtp.ssl.trust= a "),
        ] {
            assert!(!leads_elsewhere(&map(before), &map(after)), "{before} -> {after}");
        }
    }

    proptest! {
        #[test]
        fn nothing_changed_leads_nowhere(names in prop::collection::btree_map("mail\\.smtps?\\.[a-z.]{0,12}", ".{0,8}", 0..6)) {
            prop_assert!(!leads_elsewhere(&names, &names));
        }

        #[test]
        fn nobody_becomes_trusted_without_the_password(host in "[a-z.*]{1,8}", others in "[a-z ]{0,8}") {
            let (before, mut after) = (map(&format!("smtp.ssl.trust={others}")), Map::new());
            after.insert("mail.smtp.ssl.trust".to_owned(), host.clone());
            let was_there = others.split_whitespace().any(|known| known == host);
            prop_assert_eq!(leads_elsewhere(&before, &after), !was_there);
        }
    }
}
