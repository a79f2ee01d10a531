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
/// How long an address can be to go on at after the log-in, in bytes as the log-in page's own address holds it. On the way
/// through an identity provider a cookie holds it, of which browsers keep 4 KiB (RFC 6265 §6.1).
pub(super) const LONGEST_NEXT: usize = 1_500;
/// The field by which a form asks for its page, with the rest of its fields typed there already.
pub(super) const RESTORE: &str = ":restore";
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
        if fields.has(RESTORE) {
            return Err(Refused::Restore { typed: fields.safe() });
        }
        match visitor {
            Some(visitor) if visitor.session.made_form(fields.text(CSRF)) => Ok(Self { visitor, fields }),
            // Of the session before, as a rule.
            Some(_) => Err(Refused::Kept { typed: fields.safe() }),
            // What was typed comes back after the log-in, except what is nobody's business; the limit of a body is the only one.
            None => {
                let typed = fields.safe();
                Err(match typed.as_link(&path) {
                    Some(next) => Refused::LogIn { next },
                    None => Refused::Kept { typed },
                })
            }
        }
    }
}

/// What was typed in a form before a log-in, beside the request for its page.
#[derive(Clone, Debug)]
pub(super) struct Restored(pub(super) Fields);

/// The query of the address that is asked for; in its place what was typed before a log-in and no address could hold.
#[derive(Debug)]
pub struct Query(pub Fields);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(match parts.extensions.get() {
            Some(Restored(typed)) => typed.clone(),
            None => Fields::read(parts.uri.query().unwrap_or_default().as_bytes()),
        }))
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

    /// All of them, in their order: name and value.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Those that may come back after a log-in: no secrets, and no body of a call (`:body`), which may hold one.
    #[must_use]
    pub fn safe(&self) -> Self {
        let is_safe =
            |name: &str| name != CSRF && name != "form" && !name.starts_with(':') && !is_secret(name);
        Self(self.0.iter().filter(|(name, _)| is_safe(name)).cloned().collect())
    }

    /// The address that shows this form again with what was typed, and with what was emptied. `None`: it is too long to go on
    /// at after a log-in.
    #[must_use]
    pub fn as_link(&self, path: &str) -> Option<String> {
        // No value gets shorter by being written, so what is much too long is not written at all.
        if self.pairs().map(|(_, value)| value.len()).sum::<usize>() > LONGEST_NEXT {
            return None;
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs()).finish();
        let link = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        fits(&link).then_some(link)
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

/// Whether an address is short enough to go on at after a log-in.
pub(super) fn fits(next: &str) -> bool {
    escaped_length(next) <= LONGEST_NEXT
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

/// Whether a field of this name may hold a secret, which does not come back.
fn is_secret(name: &str) -> bool {
    let lower = name.to_lowercase();
    // The value of a variable is a secret when its kind is a password, which another field says.
    let ends = ["-value", "-sealed"];
    let is_value = lower.starts_with("variable-") && ends.iter().any(|end| lower.ends_with(end));
    is_value || lower.contains("password") || lower.contains("secret")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_typed_comes_back_without_its_secrets() {
        let fields = Fields::read(
            b"name=a+b%26c&permission=x&permission=y&csrf=t&form=f&new_password=p&variable-value=v&variable-Variable3-value=v&\
              variable-Variable3-sealed=s&:body=b&empty=",
        );
        let link = fields.safe().as_link("/here").unwrap();
        assert_eq!(link, "/here?name=a+b%26c&permission=x&permission=y&empty=");
        assert_eq!(fields.all("permission").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!((fields.text("name"), fields.text("absent"), fields.has("empty")), ("a b&c", "", true));
        assert!(!format!("{fields:?}").contains("a b"));
    }

    proptest! {
        #[test]
        fn any_body_is_read_and_a_link_of_it_is_read_alike(body in prop::collection::vec(any::<u8>(), 0..90)) {
            let fields = Fields::read(&body);
            let link = fields.as_link("/x").unwrap();
            prop_assert!(link.chars().all(|letter| letter.is_ascii_graphic()), "{}", link);
            let query = link.strip_prefix("/x").unwrap().trim_start_matches('?');
            prop_assert_eq!(Fields::read(query.as_bytes()).as_link("/x"), Some(link));
        }
    }

    #[test]
    fn what_is_too_long_to_go_on_at_makes_no_link_and_stays_whole() {
        let link =
            |letters: usize| Fields::read(format!("a={}", "x".repeat(letters)).as_bytes()).as_link("/x");
        // The address of the log-in page holds `/x?a=` as `%2Fx%3Fa%3D`.
        assert_eq!(link(LONGEST_NEXT - 11).unwrap().len(), LONGEST_NEXT - 6);
        assert_eq!(link(LONGEST_NEXT - 10), None);
        let long = "%C3%BC".repeat(400);
        let fields = Fields::read(format!("name=a&body={long}&body=b&text=&password=p").as_bytes()).safe();
        assert_eq!(fields.as_link("/settings"), None);
        let long = "\u{fc}".repeat(400);
        let kept: Vec<_> = fields.pairs().collect();
        assert_eq!(kept, [("name", "a"), ("body", long.as_str()), ("body", "b"), ("text", "")]);
    }

    #[test]
    fn a_link_changes_some_fields_and_keeps_the_rest() {
        let fields = Fields::read(b"search=ci&after=1&sort=name");
        assert_eq!(fields.with(&[("after", "2")]), "search=ci&sort=name&after=2");
        assert_eq!(fields.with(&[("after", ""), ("sort", "")]), "search=ci");
    }
}
