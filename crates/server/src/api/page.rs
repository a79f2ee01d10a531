//! Pages of a list: `page` from 0 and `resultsPerPage`, as the vendors' clients ask for them.

use axum::extract::FromRequestParts;
use http::request::Parts;
use patgate_store::Page;
use serde::Deserialize;
use utoipa::IntoParams;

use super::query::Query;
use crate::problem::Problem;

/// The most results on one page, and how many there are when nothing else is asked.
const MOST: u64 = 100;

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

impl<S: Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(paging) = Query::<Self>::from_request_parts(parts, state).await?;
        match paging.results_per_page {
            Some(size) if !(1..=MOST).contains(&size) => {
                let detail = format!("The query parameter `resultsPerPage` is 1 to {MOST}, and not {size}");
                Err(Problem::field("resultsPerPage", detail))
            }
            _ => Ok(paging),
        }
    }
}
