//! From what a provider claims to a [`Person`].

use std::collections::BTreeSet;

use serde_json::Value;

use super::fault::OidcFault;
use super::jws::Claims;
use super::settings::ClaimNames;
use crate::provider::Person;

/// The most characters of any text of a person.
const LONGEST: usize = 255;
/// The most groups of a person. What lies beyond is left out, which never gives more.
const MOST_GROUPS: usize = 2_000;

/// The value of a claim. A name with dots may be one key, or lead into objects.
pub(super) fn find<'c>(claims: &'c Claims, name: &str) -> Option<&'c Value> {
    claims.get(name).or_else(|| {
        name.match_indices('.').find_map(|(dot, _)| match claims.get(&name[..dot]) {
            Some(Value::Object(inner)) => find(inner, &name[dot + 1..]),
            _ => None,
        })
    })
}

/// Whether everything that a person is made of stands in there, so that no more need be asked.
pub(super) fn is_whole(claims: &Claims, names: &ClaimNames) -> bool {
    let ClaimNames { user_name, roles, full_name, email, external_id } = names;
    [user_name, roles, full_name, email, external_id].into_iter().all(|name| find(claims, name).is_some())
}

/// The person of an ID token, completed by what the user information says. Where both speak, the signed token counts.
pub(super) fn person(
    token: &Claims,
    information: Option<&Claims>,
    names: &ClaimNames,
) -> Result<Person, OidcFault> {
    let value = |name: &str| find(token, name).or_else(|| information.and_then(|claims| find(claims, name)));
    let demanded = |name: &str| {
        let text = value(name).and_then(text);
        text.ok_or_else(|| OidcFault::Claim(name.to_owned()))
    };
    let optional = |name: &str| value(name).and_then(text).unwrap_or_default();
    let groups = value(&names.roles).map(groups).unwrap_or_default();
    if groups.len() > MOST_GROUPS {
        tracing::warn!(
            claim = names.roles,
            count = groups.len(),
            "a person has too many groups; some are left out"
        );
    }
    Ok(Person {
        subject: demanded(&names.external_id)?,
        username: demanded(&names.user_name)?,
        full_name: optional(&names.full_name),
        email: optional(&names.email),
        groups: groups.into_iter().take(MOST_GROUPS).collect(),
    })
}

/// A text of 1 to 255 characters without those that control; a number counts as its digits.
pub(super) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    line(&text)
}

/// A list of texts; or one text, in which `;` or `,` separates them.
fn groups(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).filter_map(line).collect(),
        Value::String(text) => text.split([';', ',']).filter_map(line).collect(),
        _ => BTreeSet::new(),
    }
}

/// The text between blanks, when it has 1 to 255 characters and none that control.
fn line(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = (1..=LONGEST).contains(&text.chars().count()) && !text.contains(char::is_control);
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        match value {
            Value::Object(claims) => claims,
            other => panic!("{other}"),
        }
    }

    fn names() -> ClaimNames {
        ClaimNames {
            user_name: "preferred_username".to_owned(),
            roles: "groups".to_owned(),
            full_name: "name".to_owned(),
            email: "email".to_owned(),
            external_id: "sub".to_owned(),
        }
    }

    #[test]
    fn a_name_with_dots_is_a_key_or_a_way() {
        let claims = claims(json!({
            "realm_access": { "roles": ["a"] },
            "https://example.com/groups": ["b"],
            "resource_access": { "my.client": { "roles": ["c"] } },
        }));
        assert_eq!(find(&claims, "realm_access.roles"), Some(&json!(["a"])));
        assert_eq!(find(&claims, "https://example.com/groups"), Some(&json!(["b"])));
        assert_eq!(find(&claims, "resource_access.my.client.roles"), Some(&json!(["c"])));
        assert_eq!(find(&claims, "realm_access.groups"), None);
        assert_eq!(find(&claims, "realm_access."), None);
    }

    #[test]
    fn groups_come_as_a_list_or_as_one_text() {
        for (written, read) in [
            (json!(["b", "a", "a", " c "]), vec!["a", "b", "c"]),
            (json!("a; b"), vec!["a", "b"]),
            (json!("a,b,"), vec!["a", "b"]),
            (json!(["a", 3, null, "", "x\u{0}"]), vec!["a"]),
            (json!({ "a": true }), vec![]),
            (json!(null), vec![]),
        ] {
            let claims = claims(json!({ "sub": "1", "preferred_username": "ann", "groups": written }));
            assert_eq!(person(&claims, None, &names()).unwrap().groups, read, "{written}");
        }
    }

    #[test]
    fn a_person_is_read_by_the_claims_that_are_named() {
        let names = ClaimNames {
            user_name: "upn".to_owned(),
            roles: "realm_access.roles".to_owned(),
            full_name: "display_name".to_owned(),
            email: "mail".to_owned(),
            external_id: "oid".to_owned(),
        };
        let usual = json!({
            "sub": "1", "preferred_username": "eve", "name": "Eve", "email": "eve@example.org", "groups": ["admins"],
        });
        let mut both = claims(usual.clone());
        both.extend(claims(json!({
            "oid": "2-3", "upn": "ann", "display_name": "Ann", "mail": "ann@example.org",
            "realm_access": { "roles": ["ops"] },
        })));
        let ann = Person {
            subject: "2-3".to_owned(),
            username: "ann".to_owned(),
            full_name: "Ann".to_owned(),
            email: "ann@example.org".to_owned(),
            groups: vec!["ops".to_owned()],
        };
        assert_eq!(person(&both, None, &names).unwrap(), ann);
        assert_eq!(person(&claims(json!({})), Some(&both), &names).unwrap(), ann);
        let usual = claims(usual);
        assert!(is_whole(&both, &names) && is_whole(&usual, &self::names()) && !is_whole(&usual, &names));
        assert_eq!(person(&usual, None, &names), Err(OidcFault::Claim("oid".to_owned())));
    }

    #[test]
    fn the_signed_token_counts_before_the_user_information() {
        let token = claims(json!({ "sub": "1", "preferred_username": "ann", "groups": [] }));
        let more =
            claims(json!({ "sub": "1", "preferred_username": "eve", "groups": ["admins"], "name": "Ann" }));
        let person = person(&token, Some(&more), &names()).unwrap();
        assert_eq!((person.username.as_str(), person.full_name.as_str()), ("ann", "Ann"));
        assert!(person.groups.is_empty() && person.email.is_empty());
    }

    #[test]
    fn who_has_no_name_or_key_is_nobody() {
        for (missing, written) in [
            ("sub", json!({ "preferred_username": "ann" })),
            ("sub", json!({ "sub": "", "preferred_username": "ann" })),
            ("sub", json!({ "sub": "x".repeat(256), "preferred_username": "ann" })),
            ("preferred_username", json!({ "sub": "1" })),
            ("preferred_username", json!({ "sub": "1", "preferred_username": ["ann"] })),
            ("preferred_username", json!({ "sub": "1", "preferred_username": "a\u{7}nn" })),
        ] {
            let fault = person(&claims(written), None, &names()).unwrap_err();
            assert_eq!(fault, OidcFault::Claim(missing.to_owned()));
        }
    }
}
