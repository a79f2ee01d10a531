//! The pages that answer a form: asked for as a browser does, with what stands hidden in the form.

use std::process::Command;

use super::things::Things;
use super::{Answer, find, read, within};
use crate::failure::Failure;
use crate::process;

/// A form that is sent.
#[derive(Debug)]
pub(super) struct Form {
    /// What the answer is, in the table of figures.
    pub(super) name: &'static str,
    /// The page that it stands on; what stands in braces is as in [`super::addresses::PAGES`].
    page: &'static str,
    /// Where it goes.
    to: &'static str,
    /// What is typed.
    typed: &'static [(&'static str, &'static str)],
}

/// What a form hides and sends along.
const HIDDEN: [&str; 6] = ["csrf", "form", "shown", "maximum", "closing", "sent"];

/// Those whose answer is a page. The first makes a token each time; the last two look at the page after the first.
pub(super) const FORMS: [Form; 4] = [
    Form {
        name: "POST /account/tokens/new",
        page: "/account/tokens/new",
        to: "/account/tokens/new",
        typed: &[
            ("name", "of the benchmark"),
            ("expiration", "30"),
            ("application", "any"),
            ("permissions", "all"),
        ],
    },
    Form {
        name: "POST /settings/notifications/preview",
        page: "/settings/notifications",
        to: "/settings/notifications/preview",
        typed: &[
            ("days", "7"),
            ("further_days", ""),
            ("server", ""),
            ("subject", "{{ token_name }}"),
            ("own_texts", "yes"),
        ],
    },
    Form {
        name: "POST /settings/preview?maximum=30 ›",
        page: "/settings/preview?maximum=30",
        to: "/settings/preview",
        typed: &[("after", "")],
    },
    Form {
        name: "POST /admin/roles/{role} ›",
        page: "/admin/roles/{role}",
        to: "/admin/roles/{role}",
        typed: &[("users", "typed:somebody"), ("turn", "")],
    },
];

impl Form {
    /// Sends it once: milliseconds until the first byte, and bytes as they are transferred.
    ///
    /// # Errors
    /// When the form or its answer does not come.
    pub(super) fn send(&self, site: &str, things: &Things, cookie: &str) -> Result<Answer, Failure> {
        let page = read(&format!("{site}{}", find(site, &things.filled(self.page), cookie)?), cookie)?;
        let hidden = |name: &str| within(&page, &format!("name=\"{name}\" value=\""), "\"");
        let mut fields: Vec<_> = HIDDEN.iter().filter_map(|name| Some((*name, hidden(name)?))).collect();
        // What is typed as nothing is what a button of the page says.
        let typed = self.typed.iter().map(|(name, value)| {
            let value = if value.is_empty() { hidden(name) } else { Some((*value).to_owned()) };
            (*name, value.unwrap_or_default())
        });
        fields.extend(typed);
        super::timed(site, &things.filled(self.to), cookie, &fields)
    }
}

/// Sends a form of one button, and returns the page that it answers with.
pub(super) fn press(site: &str, cookie: &str, page: &str) -> Result<String, Failure> {
    let url = format!("{site}{page}");
    let csrf = within(&read(&url, cookie)?, "name=\"csrf\" value=\"", "\"");
    let csrf = csrf.ok_or_else(|| Failure::Found(format!("`{page}` has no form")))?;
    let mut command = Command::new("curl");
    command.args(["--silent", "--fail", "--cookie", cookie, "--data-urlencode", &format!("csrf={csrf}")]);
    process::read(command.arg(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_sent_to_a_page_that_takes_one() {
        let document = include_str!("../../../../docs/reference/pages.md");
        for form in FORMS {
            let to = form.to.replace("{role}", "{id}");
            let line = document.lines().find(|line| line.starts_with(&format!("| `{to}` |")));
            assert!(line.is_some_and(|line| line.contains("POST")), "{form:?}");
        }
    }
}
