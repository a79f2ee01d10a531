//! Places in paths: their slashes come as they are or as `%2F`, and the router takes them as one part of the path.
//!
//! The vendors' clients put places into the path either way, and may put what is done with the thing behind it. What stands before
//! a place, and what may stand behind, is in one table here; whatever is in it has a route of its own with `{id}` in the
//! place's stead.

use std::str::FromStr;

use http::{Method, Uri};

/// Where places stand in paths.
struct Tail {
    /// What stands before the place, with the slash.
    before: &'static str,
    /// How many parts of the path come between that and the place.
    between: usize,
    /// The place begins with this, whatever the case. Another text is left as it is.
    root: &'static str,
    /// What may stand behind it, and with which method.
    behind: &'static [(Method, &'static str)],
}

const TAILS: [Tail; 11] = [
    Tail {
        before: "/api/v1/configuration-items/",
        between: 0,
        root: "Configuration",
        behind: &[(Method::POST, "/test-mail")],
    },
    Tail {
        before: "/api/v1/config/",
        between: 0,
        root: "Configuration",
        behind: &[(Method::POST, "/status"), (Method::POST, "/copy")],
    },
    Tail {
        before: "/api/v1/templates/",
        between: 0,
        root: "Applications",
        behind: &[(Method::POST, "/create"), (Method::POST, "/start"), (Method::GET, "/variables")],
    },
    Tail {
        before: "/api/v1/releases/",
        between: 0,
        root: "Applications",
        behind: &[
            (Method::POST, "/start"),
            (Method::POST, "/abort"),
            (Method::POST, "/restart"),
            (Method::GET, "/active-tasks"),
            (Method::GET, "/variables"),
            (Method::GET, "/variableValues"),
        ],
    },
    Tail {
        before: "/api/v1/tasks/",
        between: 0,
        root: "Applications",
        behind: &[(Method::POST, "/complete"), (Method::POST, "/retry"), (Method::GET, "/log")],
    },
    Tail { before: "/api/v1/settings/", between: 0, root: "Configuration", behind: &[] },
    Tail { before: "/deployit/repository/ci/", between: 0, root: "", behind: &[] },
    Tail { before: "/deployit/repository/exists/", between: 0, root: "", behind: &[] },
    Tail { before: "/deployit/repository/rename/", between: 0, root: "", behind: &[] },
    Tail { before: "/deployit/repository/move/", between: 0, root: "", behind: &[] },
    Tail { before: "/deployit/repository/copy/", between: 0, root: "", behind: &[] },
];

/// The same with a name of what is prepared before the place.
const CONTROL: Tail = Tail { before: "/deployit/control/prepare/", between: 1, root: "", behind: &[] };

/// The paths that clients also write with a slash at the end.
const WITH_SLASH: [(&str, &str); 2] = [
    ("/deployit/security/user/", "/deployit/security/user"),
    ("/deployit/security/user//list", "/deployit/security/user"),
];

/// A path whose place is one part of it, as the router takes it. `None`: there is nothing to fold.
pub(crate) fn fold(method: &Method, uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let folded = match WITH_SLASH.iter().find(|(written, _)| *written == path) {
        Some((_, meant)) => (*meant).to_owned(),
        None => TAILS.iter().chain([&CONTROL]).find_map(|tail| tail.fold(method, path))?,
    };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Uri::from_str(&(folded + query.as_str())).ok()
}

impl Tail {
    fn fold(&self, method: &Method, path: &str) -> Option<String> {
        let rest = path.strip_prefix(self.before)?;
        let start = match self.between {
            0 => 0,
            parts => rest.match_indices('/').nth(parts - 1)?.0 + 1,
        };
        let (between, place) = rest.split_at(start);
        let below = place.get(..self.root.len()).filter(|root| root.eq_ignore_ascii_case(self.root));
        let below = below.map(|_| &place[self.root.len()..])?;
        let is_below = self.root.is_empty() || below.starts_with('/') || below.get(..3).is_some_and(is_slash);
        if !place.contains('/') || !is_below {
            return None;
        }
        let act = self.behind.iter().find(|(of, act)| of == method && place.ends_with(act));
        let act = act.map_or("", |(_, act)| act);
        let place = &place[..place.len() - act.len()];
        Some([self.before, between, &place.replace('/', "%2F"), act].concat())
    }
}

fn is_slash(text: &str) -> bool {
    text.eq_ignore_ascii_case("%2F")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(method: &Method, path: &str) -> Option<String> {
        fold(method, &path.parse().unwrap()).map(|uri| uri.to_string())
    }

    #[test]
    fn slashes_of_a_place_are_folded_and_nothing_else_is() {
        for (method, sent, seen) in [
            (Method::GET, "Configuration/a", Some("Configuration%2Fa")),
            (Method::GET, "configuration/a/b?version=1", Some("configuration%2Fa%2Fb?version=1")),
            (Method::GET, "Configuration/a%2Fb/c", Some("Configuration%2Fa%2Fb%2Fc")),
            (Method::GET, "Configuration/test-mail", Some("Configuration%2Ftest-mail")),
            (Method::POST, "Configuration/a/test-mail", Some("Configuration%2Fa/test-mail")),
            (Method::POST, "Configuration/test-mail", Some("Configuration/test-mail")),
            (Method::GET, "Configuration/a//b/", Some("Configuration%2Fa%2F%2Fb%2F")),
            (Method::GET, "Configuration%2fa/b", Some("Configuration%2fa%2Fb")),
            (Method::POST, "Configuration%2Fa/test-mail", Some("Configuration%2Fa/test-mail")),
            (Method::GET, "Configurations/a", None),
            (Method::GET, "Configuration%2Fa", None),
            (Method::GET, "Other/a", None),
            (Method::GET, "", None),
        ] {
            let path = format!("/api/v1/configuration-items/{sent}");
            let seen = seen.map(|seen| format!("/api/v1/configuration-items/{seen}"));
            assert_eq!(folded(&method, &path), seen, "{method} {sent}");
        }
        assert_eq!(folded(&Method::GET, "/api/v1/roles/Configuration/a"), None);
    }

    #[test]
    fn clients_of_both_vendors_write_places_as_they_like() {
        for (method, sent, seen) in [
            (
                Method::GET,
                "/deployit/repository/ci/Environments/x",
                "/deployit/repository/ci/Environments%2Fx",
            ),
            (
                Method::POST,
                "/deployit/repository/move/a/b?newId=a/c",
                "/deployit/repository/move/a%2Fb?newId=a/c",
            ),
            (
                Method::GET,
                "/deployit/control/prepare/sendTestMail/Configuration/a/b",
                "/deployit/control/prepare/sendTestMail/Configuration%2Fa%2Fb",
            ),
            (
                Method::POST,
                "/api/v1/config/Configuration/Custom/Configuration1/status",
                "/api/v1/config/Configuration%2FCustom%2FConfiguration1/status",
            ),
            (
                Method::GET,
                "/api/v1/config/Configuration/Custom/Configuration1/status",
                "/api/v1/config/Configuration%2FCustom%2FConfiguration1%2Fstatus",
            ),
            (Method::GET, "/deployit/security/user/?page=1", "/deployit/security/user?page=1"),
            (Method::GET, "/deployit/security/user//list", "/deployit/security/user"),
        ] {
            assert_eq!(folded(&method, sent).as_deref(), Some(seen), "{method} {sent}");
        }
        for path in [
            "/deployit/control/prepare/sendTestMail",
            "/api/v1/config/byIds",
            "/deployit/security/user/ann/x",
        ] {
            assert_eq!(folded(&Method::GET, path), None, "{path}");
        }
    }
}
