//! `/admin/tokens.csv`: the list as a table for spreadsheets, sent page by page while it is read.

use axum::extract::State;
use jiff::Timestamp;
use patgate_core::grant::GrantPermissions;
use patgate_core::permission::names::TOKEN_VIEW_ALL;
use patgate_store::{GrantCursor, GrantFilter, Seek};

use super::query::Asked;
use crate::caller::Caller;
use crate::pages::download::{FileName, Source, file};
use crate::pages::{PageResult, Query, Visitor};
use crate::problem::Problem;
use crate::service::tokens::overview::{self, SeenGrant};
use crate::state::AppState;

const NAME: FileName =
    FileName { kind: "text/csv; charset=utf-8; header=present", stem: "patgate-tokens", ending: "csv" };

/// Tokens that are read at once.
const ROWS: u64 = 500;

/// What a formula begins with, also in full width.
const FORMULA_SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

const HEAD: [&str; 13] = [
    "id",
    "name",
    "owner",
    "origin",
    "ownerEnabled",
    "application",
    "permissions",
    "createdAt",
    "expiresAt",
    "lastUsedAt",
    "lastUsedFrom",
    "lastUsedWith",
    "status",
];

/// `GET /admin/tokens.csv`, with the query of the list.
pub(super) async fn download(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    visitor.caller.require(&state, TOKEN_VIEW_ALL)?;
    let asked = Asked::read(&state, &visitor.caller, &query).await?;
    for field in [&asked.owner, &asked.expiring, &asked.unused] {
        if let Some(error) = &field.error {
            return Err(Problem::field(field.name, error).into());
        }
    }
    let rows = Rows { filter: asked.filter, seek: Some(Seek::Start) };
    file(state, visitor, NAME, head(), rows).await
}

/// The tokens that are still to be sent.
struct Rows {
    filter: GrantFilter,
    /// `None`: all are sent.
    seek: Option<Seek<GrantCursor>>,
}

impl Source for Rows {
    async fn next(&mut self, state: &AppState, caller: &Caller) -> Result<Option<String>, Problem> {
        let Some(seek) = self.seek.take() else { return Ok(None) };
        let seen = overview::list_all(state, caller, &self.filter, &seek, ROWS).await?;
        if seen.len() as u64 == ROWS {
            self.seek = seen.last().map(|last| Seek::After(GrantCursor::of(&last.grant, self.filter.sort)));
        }
        let now = state.clock.now();
        Ok(Some(seen.iter().map(|seen| line(&cells(seen, now))).collect())
            .filter(|text: &String| !text.is_empty()))
    }
}

fn head() -> String {
    line(&HEAD.map(ToOwned::to_owned))
}

fn cells(SeenGrant { grant, owner, owner_suspends }: &SeenGrant, now: Timestamp) -> [String; 13] {
    let time = |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    let used = grant.last_use.as_ref();
    let owner = owner.as_deref();
    [
        grant.id.to_string(),
        grant.name.as_str().to_owned(),
        owner.map_or_else(String::new, |owner| owner.username.to_string()),
        owner.map_or_else(String::new, |owner| owner.origin.as_str().to_owned()),
        owner.map_or_else(String::new, |owner| owner.enabled.to_string()),
        grant.application.to_string(),
        match &grant.permissions {
            GrantPermissions::All => "all".to_owned(),
            GrantPermissions::Chosen(ids) => {
                ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            }
        },
        grant.created_at.to_string(),
        time(grant.expires_at.timestamp()),
        time(used.map(|used| used.at)),
        used.and_then(|used| used.address.clone()).unwrap_or_default(),
        used.and_then(|used| used.user_agent.clone()).unwrap_or_default(),
        grant.status(*owner_suspends, now).as_str().to_owned(),
    ]
}

/// A record (RFC 4180 §2).
fn line(cells: &[String]) -> String {
    let mut line = cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

/// A field (RFC 4180 §2.5 to §2.7).
fn cell(text: &str) -> String {
    let text = guarded(text);
    if text.contains(['"', ',', ';', '\r', '\n', '\t']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// What a spreadsheet would run as a formula gets an apostrophe in front, which makes it a text there (OWASP, *CSV
/// Injection*): at the beginning, and wherever a spreadsheet that splits at other signs may begin a cell.
fn guarded(text: &str) -> String {
    let parts = text.split_inclusive([';', ',', '\t', '\r', '\n']);
    let guard = |part: &str| {
        let begun =
            part.trim_start_matches(|sign: char| sign.is_whitespace() || sign.is_control() || sign == '"');
        if begun.starts_with(FORMULA_SIGNS) { "'" } else { "" }
    };
    parts.flat_map(|part| [guard(part), part]).collect()
}

#[cfg(test)]
mod tests {
    use super::{cell, line};

    #[test]
    fn what_a_spreadsheet_would_run_is_a_text() {
        for (text, written) in [
            ("ci", "ci"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\"\t'=1\""),
            ("\r=1", "\"\r'=1\""),
            ("a\n=1", "\"a\n'=1\""),
            ("  =1", "'  =1"),
            ("a;=1", "\"a;'=1\""),
            ("a, @x;b", "\"a,' @x;b\""),
            ("a\t-1;+1", "\"a\t'-1;'+1\""),
            // A quote that stands where a cell begins is no part of it.
            ("a;\"=1", "\"a;'\"\"=1\""),
            ("＝1", "'＝1"),
            ("＋1;－1,＠x", "\"'＋1;'－1,'＠x\""),
            ("Mozilla/5.0 (X11; Linux)", "\"Mozilla/5.0 (X11; Linux)\""),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("a=1", "a=1"),
        ] {
            assert_eq!(cell(text), written, "{text:?}");
        }
        assert_eq!(line(&["a".to_owned(), "b\nc".to_owned()]), "a,\"b\nc\"\r\n");
    }
}
