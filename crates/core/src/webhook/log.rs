//! What of a request the log does not keep.

/// Headers whose values are secrets, or would let a reader of the log send the request again, in lower case. The token
/// headers of applications come on top.
pub const SECRET_HEADERS: [&str; 9] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "webhook-signature",
    "x-gitlab-token",
    "x-hub-signature",
    "x-hub-signature-256",
    "x-release-webhook-token",
];

/// Whether a parameter of this name is there to hold a secret, as far as names tell.
#[must_use]
pub fn is_secret_parameter(name: &str) -> bool {
    let lower = name.to_lowercase();
    ["password", "passwd", "secret", "token", "signature", "api_key", "apikey", "api-key", "credential"]
        .iter()
        .any(|word| lower.contains(word))
}
