//! The web pages over the real router: what they show, what they refuse, and what was typed then.

mod all_tokens;
mod api;
mod audit;
mod callers;
mod configuration;
mod configuration_tree;
mod downloads;
mod ground;
mod kept;
mod login;
mod markup;
mod notifications;
mod outside;
mod profile;
mod releases;
mod releases_editor;
mod releases_parts;
mod releases_start;
mod reminders;
mod reminders_long;
mod roles;
mod roles_principals;
mod settings;
mod settings_exemptions;
mod settings_policy;
mod settings_preview;
mod tokens_applications;
mod tokens_generate;
mod tokens_like;
mod tokens_list;
mod too_long;
mod users;
mod users_belonging;
mod users_reset;
mod webhooks;
mod webhooks_many;
mod weights;
mod weights_administration;
mod weights_releases;
mod weights_templates;
mod weights_webhooks;

use crate::common::{Answer, SignedIn, World, get, post};

/// The content policy of every page, word for word (CSP Level 3, W3C).
pub(crate) const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// That of the one page that shows a mail in a frame.
pub(crate) const MAIL_POLICY: &str = "default-src 'none'; style-src 'self'; style-src-attr 'unsafe-inline'; \
     script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The address to which a list leads on (`next`) or back (`prev`), when it does.
fn link(page: &Answer, rel: &str) -> Option<String> {
    let rest = page.text().split(&format!("rel=\"{rel}\" href=\"")).nth(1)?;
    Some(rest.split('"').next()?.replace("&#38;", "&"))
}

/// What the button of this name sends, by which the list within a form leads on or back, when it does.
fn turn(page: &Answer, name: &str) -> Option<String> {
    let buttons = page.text().split(r#"name="turn" value=""#).skip(1);
    let mut buttons = buttons.filter_map(|rest| rest.split("</button>").next()?.split_once("\">"));
    let (query, _) = buttons.find(|(_, shown)| shown.contains(name))?;
    Some(query.replace("&#38;", "&"))
}

/// The address of a page, with these in place of its parameters, and something that fits in place of the rest.
fn filled(path: &str, parameters: &[(&str, &str)]) -> String {
    let rest = [
        ("{name}", "company"),
        ("{phase}", "Phase1"),
        ("{variable}", "Variable1"),
        ("{secret}", "AAAA"),
        ("{session}", "00000000000"),
    ];
    let all = parameters.iter().chain(&rest);
    all.fold(path.to_owned(), |path, &(parameter, value)| path.replace(parameter, value))
}

/// A text as it stands in a page.
fn escaped(text: &str) -> String {
    let marks = [('&', "&#38;"), ('"', "&#34;"), ('\'', "&#39;"), ('<', "&#60;"), ('>', "&#62;")];
    marks.into_iter().fold(text.to_owned(), |text, (mark, written)| text.replace(mark, written))
}

/// What the page of a form that no session takes keeps of it: where it goes, and its fields as a browser sends them.
fn kept_form(page: &Answer) -> (String, Vec<(String, String)>) {
    let plain = |text: &str| {
        let marks = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
        marks.into_iter().fold(text.to_owned(), |text, (written, mark)| text.replace(written, mark))
    };
    let main = page.text().split("<main").nth(1).unwrap();
    let form = main.split("<form method=\"post\" action=\"").nth(1);
    let form = form.unwrap_or_else(|| panic!("it keeps nothing: {}", page.shown()));
    let fields = form.split("<input type=\"hidden\" name=\"").skip(1).map(|field| {
        let (name, rest) = field.split_once("\" value=\"").unwrap();
        (plain(name), plain(rest.split('"').next().unwrap()))
    });
    (plain(form.split('"').next().unwrap()), fields.collect())
}

impl World {
    /// Goes on with what such a page keeps, as somebody signed in meanwhile.
    pub(crate) async fn go_on(&self, session: &SignedIn, page: &Answer) -> Answer {
        let (path, fields) = kept_form(page);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.send(post(path).cookie(session).form(&fields)).await
    }

    /// Opens a page as somebody signed in.
    pub(crate) async fn open(&self, session: &SignedIn, path: &str) -> Answer {
        self.send(get(path).cookie(session)).await
    }
}
