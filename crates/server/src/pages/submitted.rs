//! A form that somebody signed in has sent: read once, with its CSRF token checked; and the query of an address.

use std::borrow::Cow;
use std::collections::HashMap;
use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::Method;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use url::form_urlencoded;
use zeroize::Zeroize;

use super::guard::{LESS, long_form};
use super::refused::Refused;
use super::visitor::{self, Visitor};
use crate::problem::{BodyLimit, Problem};
use crate::state::AppState;

/// The most fields of a form that are read.
const MOST_FIELDS: usize = 2_000;
/// How long an address can be to go on at after the log-in, in bytes as the log-in page's own address holds it: proxies
/// refuse an answer whose head is longer than 4 KiB (nginx, `proxy_buffer_size`).
pub(super) const LONGEST_NEXT: usize = 3_000;
/// What the names of the fields that are too long may take beyond it.
pub(super) const LONGEST_OMITTED: usize = 300;
/// The field of a link that names a field that was sent and is too long for the link.
const OMITTED: &str = "omitted";
/// The field that shows the session's CSRF token.
pub(super) const CSRF: &str = "csrf";

/// A form, and who sent it.
#[derive(Debug)]
pub struct Submitted {
    /// Who.
    pub visitor: Visitor,
    /// What they typed.
    pub fields: Fields,
}

impl FromRequest<AppState> for Submitted {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Refused> {
        let (parts, body) = request.into_parts();
        debug_assert_eq!(parts.method, Method::POST, "a form is sent by POST");
        let visitor = visitor::of_request(&parts, state).await?;
        let path = parts.uri.path().to_owned();
        let fields = Fields::from_request(Request::from_parts(parts, body), state).await?;
        // What was typed comes back after the log-in, except what is nobody's business.
        let visitor = visitor.ok_or_else(|| Refused::LogIn { next: fields.as_link(&path) })?;
        visitor.session.check_form(fields.text(CSRF))?;
        Ok(Self { visitor, fields })
    }
}

/// The query of the address that is asked for.
#[derive(Debug)]
pub struct Query(pub Fields);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Fields::read(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

/// The fields of a form or of a query, in their order. Not printed, because some are secrets; wiped when dropped.
#[derive(Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a query, or the body of a form (WHATWG URL §5, `application/x-www-form-urlencoded`).
    #[must_use]
    pub fn read(text: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(text).take(MOST_FIELDS);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The first field of this name, without blanks at its ends; empty when there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.secret(name).trim()
    }

    /// As [`Fields::text`], with its blanks: a password may have them.
    #[must_use]
    pub fn secret(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Every field of this name.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether there is one of this name: how a check box says that it is checked.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// Whether a field of this name was sent before a log-in and was too long, or partly so, for the address that leads
    /// back. What is stored stays in its place then.
    #[must_use]
    pub fn omits(&self, name: &str) -> bool {
        self.all(OMITTED).any(|omitted| omitted == name)
    }

    /// The names of all that were too long for the address that leads back.
    pub fn omitted(&self) -> impl Iterator<Item = &str> {
        self.all(OMITTED)
    }

    /// The address that shows this form again with what was typed, and with what was emptied: secrets left out, also the
    /// body of a call (`:body`), and what is too long to come back, which is named.
    #[must_use]
    pub fn as_link(&self, path: &str) -> String {
        let is_safe =
            |name: &str| name != CSRF && name != "form" && !name.starts_with(':') && !is_secret(name);
        let mut link = path.to_owned();
        let mut omitted: Vec<&str> = Vec::new();
        for (name, value) in self.0.iter().filter(|(name, _)| is_safe(name)) {
            let is_named_already = name == OMITTED;
            if is_named_already || !append(&mut link, path, (name, value), LONGEST_NEXT) {
                omitted.push(if is_named_already { value } else { name });
            }
        }
        omitted.dedup();
        for name in omitted {
            append(&mut link, path, (OMITTED, name), LONGEST_NEXT + LONGEST_OMITTED);
        }
        link
    }

    /// The same fields with some of them changed, as a query: for links to the next page of a list.
    #[must_use]
    pub fn with(&self, changes: &[(&str, &str)]) -> String {
        let changes: HashMap<_, _> = changes.iter().copied().collect();
        let mut query = form_urlencoded::Serializer::new(String::new());
        let kept =
            self.0.iter().filter(|(name, value)| !changes.contains_key(name.as_str()) && !value.is_empty());
        query.extend_pairs(kept);
        let mut changed: Vec<_> = changes.iter().filter(|(_, value)| !value.is_empty()).collect();
        changed.sort();
        query.extend_pairs(changed);
        query.finish()
    }
}

/// Puts a field at the end of a link to this path, if the link stays shorter than `limit`.
fn append(link: &mut String, path: &str, (name, value): (&str, &str), limit: usize) -> bool {
    let pair = form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
    let fits = escaped_length(link) + escaped_length(&pair) < limit;
    if fits {
        link.push(if link.len() == path.len() { '?' } else { '&' });
        link.push_str(&pair);
    }
    fits
}

/// The bytes of a text within a query.
pub(super) fn escaped_length(text: &str) -> usize {
    form_urlencoded::byte_serialize(text.as_bytes()).map(str::len).sum()
}

impl FromRequest<AppState> for Fields {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Refused> {
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .map_or(Cow::Borrowed(""), |kind| String::from_utf8_lossy(kind.as_bytes()));
        if !kind.starts_with("application/x-www-form-urlencoded") {
            let status = http::StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Problem::new(status, "not_a_form", "This address takes the form of its page").into());
        }
        let limit = request.extensions().get::<BodyLimit>().copied();
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|_| long_form(limit))?;
        if std::str::from_utf8(&body).is_err() {
            return Err(
                Problem::new(http::StatusCode::BAD_REQUEST, "not_utf8", "The form is not UTF-8").into()
            );
        }
        let fields = form_urlencoded::parse(&body).take(MOST_FIELDS + 1).count();
        if fields > MOST_FIELDS {
            let detail = format!("The form has more than {MOST_FIELDS} fields, and is not read");
            let problem = Problem::new(http::StatusCode::PAYLOAD_TOO_LARGE, "too_many_fields", detail);
            return Err(problem.hint(LESS).into());
        }
        Ok(Self::read(&body))
    }
}

impl Drop for Fields {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|(_, value)| value.zeroize());
    }
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Whether a field of this name may hold a secret, which is left out of addresses.
fn is_secret(name: &str) -> bool {
    let lower = name.to_lowercase();
    // The value of a variable is a secret when its kind is a password, which another field says.
    let is_value = lower.starts_with("variable-") && lower.ends_with("-value");
    is_value || lower.contains("password") || lower.contains("secret")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_typed_comes_back_without_its_secrets() {
        let fields = Fields::read(
            b"name=a+b%26c&permission=x&permission=y&csrf=t&form=f&new_password=p&variable-3-value=v&:body=b&empty=",
        );
        assert_eq!(fields.as_link("/here"), "/here?name=a+b%26c&permission=x&permission=y&empty=");
        assert_eq!(fields.all("permission").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!((fields.text("name"), fields.text("absent"), fields.has("empty")), ("a b&c", "", true));
        assert!(!format!("{fields:?}").contains("a b"));
    }

    proptest! {
        #[test]
        fn any_body_is_read_and_a_link_of_it_is_read_alike(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let fields = Fields::read(&body);
            let link = fields.as_link("/x");
            prop_assert!(link.chars().all(|letter| letter.is_ascii_graphic()), "{}", link);
            let query = link.strip_prefix("/x").unwrap().trim_start_matches('?');
            prop_assert_eq!(Fields::read(query.as_bytes()).as_link("/x"), link);
        }
    }

    #[test]
    fn what_is_too_long_for_an_address_does_not_come_back_and_is_named() {
        let long = "%C3%BC".repeat(400);
        let fields = Fields::read(format!("name=a&body={long}&body={long}&days=7&text=").as_bytes());
        let link = fields.as_link("/settings");
        assert_eq!(link, "/settings?name=a&days=7&text=&omitted=body");
        // It stays named when the session is lost once more.
        let again = Fields::read(link.split('?').nth(1).unwrap().as_bytes());
        assert!(again.omits("body") && !again.omits("days") && !again.has("body"));
        assert_eq!(again.as_link("/settings"), link);
        let many: String = (0..500).map(|number| format!("field{number}={long}&")).collect();
        assert!(
            escaped_length(&Fields::read(many.as_bytes()).as_link("/x")) < LONGEST_NEXT + LONGEST_OMITTED
        );
    }

    #[test]
    fn a_link_changes_some_fields_and_keeps_the_rest() {
        let fields = Fields::read(b"search=ci&after=1&sort=name");
        assert_eq!(fields.with(&[("after", "2")]), "search=ci&sort=name&after=2");
        assert_eq!(fields.with(&[("after", ""), ("sort", "")]), "search=ci");
    }
}
