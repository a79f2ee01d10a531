//! Pages of a list: `page` from 0 and `resultsPerPage`, as the vendors' clients ask for them; and for lists of our own, those
//! that go on after a place.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use patgate_store::{Page, Seek};
use serde::Deserialize;
use utoipa::IntoParams;

use super::query::Parameters;
use crate::problem::Problem;

/// The most results on one page, and how many there are when nothing else is asked.
const MOST: u64 = 100;

/// How many rows of a list that goes on after a place are asked for: one more than are answered tells whether there is more.
pub(super) const ASKED: u64 = MOST + 1;

/// Which page of a list is asked for.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Which page, from 0.
    #[param(default = 0)]
    page: Option<u64>,
    /// How many results a page has, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 100)]
    results_per_page: Option<u64>,
}

impl Paging {
    /// As the store takes it.
    #[must_use]
    pub fn page(self) -> Page {
        Page { number: self.page.unwrap_or(0), size: self.results_per_page.unwrap_or(MOST) }
    }
}

/// The place after which a list goes on: the `next` of the page before.
///
/// # Errors
/// 400 for what is no place.
pub(super) fn place<C: FromStr<Err: Display>>(after: Option<&str>) -> Result<Seek<C>, Problem> {
    let Some(after) = after else { return Ok(Seek::Start) };
    let cursor = after
        .parse()
        .map_err(|why| Problem::field("after", format!("The query parameter `after`: {why}")))?;
    Ok(Seek::After(cursor))
}

/// Cuts what the store gave when [`ASKED`] rows were asked for to a page; and where the next one begins, when there is one.
pub(super) fn cut<T, C: Display>(mut rows: Vec<T>, cursor: impl Fn(&T) -> C) -> (Vec<T>, Option<String>) {
    let has_more = rows.len() as u64 > MOST;
    rows.truncate(MOST as usize);
    let last = rows.last().filter(|_| has_more);
    let next = last.map(|last| cursor(last).to_string());
    (rows, next)
}

impl<S: Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Parameters(paging) = Parameters::<Self>::from_request_parts(parts, state).await?;
        match paging.results_per_page {
            Some(size) if !(1..=MOST).contains(&size) => {
                let detail = format!("The query parameter `resultsPerPage` is 1 to {MOST}, and not {size}");
                Err(Problem::field("resultsPerPage", detail))
            }
            _ => Ok(paging),
        }
    }
}
