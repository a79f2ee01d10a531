//! Somebody who signs in at a provider with curl: follows redirects, fills in the forms they meet, and stops where the
//! provider sends them back.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::curl::{Answer, curl};

/// The most pages that are looked at.
const STEPS: usize = 16;

/// A browser without a screen: the cookies of one provider, and whose name and password are typed.
#[derive(Debug)]
pub struct Visitor {
    name: String,
    password: String,
    directory: TempDir,
}

/// A form of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    /// Its fields with their values.
    pub fields: Vec<(String, String)>,
}

impl Visitor {
    /// Somebody of this name.
    #[must_use]
    pub fn new(name: &str, password: &str) -> Self {
        let directory = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for cookies: {error}"));
        Self { name: name.to_owned(), password: password.to_owned(), directory }
    }

    /// Goes to the provider, signs in and consents where they are asked to, and returns the address below `base` to which
    /// they are sent back; panics with the page when they are not.
    #[must_use]
    pub fn sign_in(&self, url: &str, base: &str) -> String {
        match self.go(url, base) {
            Ok(url) => url,
            Err(answer) => panic!("{} is not sent back: {} {}", self.name, answer.status, answer.text()),
        }
    }

    /// As [`Visitor::sign_in`].
    ///
    /// # Errors
    /// The page on which nothing more can be done.
    pub fn go(&self, url: &str, base: &str) -> Result<String, Answer> {
        let mut at = url.to_owned();
        let mut answer = self.call(&at, &[]);
        for _ in 0..STEPS {
            if let Some(location) = answer.header("location").map(str::to_owned) {
                at = joined(&at, &location);
                if at.starts_with(base) {
                    return Ok(at);
                }
                answer = self.call(&at, &[]);
                continue;
            }
            let page = answer.text();
            let all = forms(&page);
            let names = |form: &Form| form.fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
            let asks = |form: &&Form| {
                let names = names(form);
                ["password", "login", "answer", "prompt", "logout"]
                    .iter()
                    .any(|name| names.iter().any(|it| it == name))
            };
            let Some(form) = all.iter().find(asks).or(all.first()) else { return Err(answer) };
            let filled: Vec<String> = form
                .fields
                .iter()
                .map(|(name, value)| match name.as_str() {
                    "login" | "user" => format!("{name}={}", self.name),
                    "password" => format!("{name}={}", self.password),
                    "answer" => "answer=accept".to_owned(),
                    _ => format!("{name}={value}"),
                })
                .collect();
            let action = if form.action.is_empty() { at.clone() } else { joined(&at, &form.action) };
            answer = self.call(&action, &filled);
            at = action;
        }
        Err(answer)
    }

    /// Logs out at the provider with this issuer, which asks whether that is meant; panics with its page when it does not.
    pub fn log_out(&self, issuer: &str) {
        let url = format!("{issuer}/session/end");
        let page = self.call(&url, &[]).text();
        let form = forms(&page).into_iter().next();
        let form = form.unwrap_or_else(|| panic!("{} is not asked: {page}", self.name));
        let hidden = form.fields.iter().map(|(name, value)| format!("{name}={value}"));
        let fields: Vec<_> = hidden.chain(["logout=yes".to_owned()]).collect();
        let answer = self.call(&joined(&url, &form.action), &fields);
        assert!(
            (300..400).contains(&answer.status),
            "{} stays: {} {}",
            self.name,
            answer.status,
            answer.text()
        );
    }

    fn call(&self, url: &str, fields: &[String]) -> Answer {
        let jar: PathBuf = self.directory.path().join("cookies");
        let jar = jar.display().to_string();
        let referrer = format!("Referer: {url}");
        let mut words = vec!["-b", &jar, "-c", &jar, "-H", &referrer];
        words.extend(fields.iter().flat_map(|field| ["--data-urlencode", field.as_str()]));
        words.push(url);
        curl(words)
    }
}

/// The forms of a page that are sent by POST.
#[must_use]
pub fn forms(page: &str) -> Vec<Form> {
    let mut found = Vec::new();
    for part in page.split("<form").skip(1) {
        let part = part.split("</form").next().unwrap_or_default();
        let head = part.split('>').next().unwrap_or_default();
        if !attribute(head, "method").eq_ignore_ascii_case("post") {
            continue;
        }
        let mut form = Form { action: attribute(head, "action"), fields: Vec::new() };
        for tag in part.split('<').filter(|tag| tag.starts_with("input") || tag.starts_with("button")) {
            let tag = tag.split('>').next().unwrap_or_default();
            let name = attribute(tag, "name");
            if !name.is_empty() && !form.fields.iter().any(|(known, _)| *known == name) {
                form.fields.push((name, attribute(tag, "value")));
            }
        }
        found.push(form);
    }
    found
}

fn attribute(tag: &str, name: &str) -> String {
    let value = tag.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_default().replace("&amp;", "&").replace("&#x2F;", "/").replace("&#39;", "'")
}

/// An address as a page at `base` writes it.
fn joined(base: &str, reference: &str) -> String {
    if reference.contains("://") {
        return reference.to_owned();
    }
    let origin: String = base.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    if reference.starts_with('/') {
        return format!("{origin}{reference}");
    }
    let folder =
        base.split('?').next().unwrap_or_default().rsplit_once('/').map_or(base, |(folder, _)| folder);
    format!("{folder}/{reference}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_found_with_their_fields() {
        let page = r#"<form method="get"><input name="q"></form><form action="/x?a=1&amp;b=2" method="post">
            <input type="hidden" name="prompt" value="login"/><input name="login"><button name="go" value="1">Go</button>
            </form>"#;
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = vec![field("prompt", "login"), field("login", ""), field("go", "1")];
        assert_eq!(forms(page), [Form { action: "/x?a=1&b=2".to_owned(), fields }]);
    }

    #[test]
    fn addresses_are_joined_as_browsers_do() {
        for (base, reference, joined_to) in [
            ("http://a:1/b/c?d=/e", "/f", "http://a:1/f"),
            ("http://a:1/b/c?d=/e", "f", "http://a:1/b/f"),
            ("http://a:1/b", "https://c/d", "https://c/d"),
        ] {
            assert_eq!(joined(base, reference), joined_to);
        }
    }
}
