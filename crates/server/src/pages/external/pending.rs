//! The cookie that ties the two halves of a sign-in to one browser. Sealed, so that the browser learns nothing from it
//! and can make none; and no node need remember anything.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use crate::problem::Problem;
use crate::provider::oidc::{SIGN_IN_LIMIT, SignIn};
use crate::sealing::{self, Purpose};
use crate::state::AppState;

/// The `Set-Cookie` line that has the browser keep a sign-in until it comes back.
pub(super) fn keep(state: &AppState, sign_in: &SignIn) -> Result<HeaderValue, Problem> {
    let sealed = state.sealer.seal(Purpose::SignIn, &sign_in.to_secret(), &mut state.random.draw())?;
    Ok(line(state, &sealing::to_text(&sealed), SIGN_IN_LIMIT.as_secs()))
}

/// The `Set-Cookie` line that makes it forget.
pub(super) fn forget(state: &AppState) -> HeaderValue {
    line(state, "", 0)
}

/// The sign-in that the browser began; `None` when there is none, or more than one, or one that somebody made up.
pub(super) fn find(state: &AppState, headers: &HeaderMap) -> Option<SignIn> {
    let name = name(state);
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value);
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    SignIn::of_secret(&state.sealer.open(Purpose::SignIn, &sealing::of_text(value)?).ok()?)
}

fn name(state: &AppState) -> &'static str {
    if state.public_url.is_https() { "__Host-patgate_sign_in" } else { "patgate_sign_in" }
}

/// As the session's cookie; `Lax`, because the way back from the provider is another site's link.
fn line(state: &AppState, value: &str, seconds: i64) -> HeaderValue {
    let secure = if state.public_url.is_https() { "; Secure" } else { "" };
    let name = name(state);
    let text = format!("{name}={value}{secure}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}");
    let text = Zeroizing::new(text);
    // Base64 and the names are visible ASCII, so this is always a header value.
    let mut line = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
    line.set_sensitive(true);
    line
}
