//! What of a request the log does not keep: secrets, as far as names tell, and the queries of addresses.

use std::borrow::Cow;

/// Headers whose values are secrets, or would let a reader of the log send the request again, in lower case: those whose
/// names [`is_secret_parameter`] does not know. The token headers of applications come on top.
pub const SECRET_HEADERS: [&str; 6] = [
    // nginx, Apache and Envoy hand the caller's certificate on.
    "ssl-client-cert",
    "x-amzn-oidc-data",
    "x-client-cert",
    "x-forwarded-client-cert",
    // Who called, with all claims: Azure's App Service; Amazon's load balancers above.
    "x-ms-client-principal",
    "x-ssl-client-cert",
];

/// What a name has in it, without its dashes, underscores and dots, that is there to hold a secret.
const PARTS: [&str; 20] = [
    "accesskey",
    "apikey",
    "assertion",
    "authentication",
    "authorization",
    "cookie",
    "credential",
    "functionskey",
    "hmac",
    "jwt",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "session",
    "sharedkey",
    "signature",
    "subscriptionkey",
    "token",
];
/// Words of a name, each of which is there to hold a secret: `sig` of Azure's addresses, the `key` of Google's.
const WORDS: [&str; 8] = ["auth", "key", "otp", "pass", "pat", "pwd", "sas", "sig"];
/// The name of one as a whole, of Azure's functions and of OAuth.
const CODE: &str = "code";
/// What stands before `key` when it opens nothing: the key of a thing, not to one.
const HARMLESS: [&str; 10] = [
    "cache",
    "event",
    "foreign",
    "idempotency",
    "issue",
    "partition",
    "primary",
    "project",
    "routing",
    "sort",
];

/// Whether a parameter, or a header, of this name is there to hold a secret, as far as names tell.
#[must_use]
pub fn is_secret_parameter(name: &str) -> bool {
    let lower = name.to_lowercase();
    let plain: String = lower.chars().filter(|letter| letter.is_alphanumeric()).collect();
    if plain == CODE || PARTS.iter().any(|part| plain.contains(part)) {
        return true;
    }
    let words = words(name);
    words.iter().enumerate().any(|(at, word)| {
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        let is_harmless = word == "key" && before.is_some_and(|before| HARMLESS.contains(&before.as_str()));
        WORDS.contains(&word.as_str()) && !is_harmless
    })
}

/// The words of a name, in lower case: `X-Hub-Key`, `x_hub_key` and `xHubKey` have the same.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        let begins = !letter.is_alphanumeric() || (letter.is_uppercase() && was_lower);
        if begins && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        was_lower = letter.is_lowercase() || letter.is_numeric();
        if let (true, Some(word)) = (letter.is_alphanumeric(), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

/// A value in which no address has a query, a fragment, or a user with a password: that is where senders put secrets. An
/// address is what has `://` in it, or is a path.
#[must_use]
pub fn without_query(value: &str) -> Cow<'_, str> {
    let Some(begin) = value.find("://").map(|at| at + 3).or_else(|| value.starts_with('/').then_some(0))
    else {
        return Cow::Borrowed(value);
    };
    // What follows a query in the same value cannot be told from it.
    let (kept, end) = match value[begin..].find(['?', '#']) {
        Some(at) => (&value[..begin + at], "?…"),
        None => (value, ""),
    };
    let mut parts = kept.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let authority = part.split(['/', '\\']).next().unwrap_or_default();
        shown.push_str("://");
        match authority.rfind('@') {
            Some(at) => shown.extend(["…", &part[at..]]),
            None => shown.push_str(part),
        }
    }
    Cow::Owned(shown + end)
}
