//! *Webhooks and Events*: the HTTP endpoints for webhooks, what came in at them, and where it went.
//! `/configuration/webhooks`.
//!
//! Their forms are those of every configuration item.

mod deliveries;
mod endpoint;
mod list;
mod pairs;
mod redeliver;
mod refused;
mod request;
mod row;
mod test;

use std::str::FromStr;

use axum::Router;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::routing::get;
use http::request::Parts;
use patgate_core::identifier::ItemNumber;
use patgate_core::permission::names::CONFIG_EDIT;
use patgate_core::webhook::{Action, action};
use patgate_store::Item;

use super::{Refused, Visitor};
use crate::problem::Problem;
use crate::state::AppState;

/// Where the list is.
pub(super) const LIST: &str = "/configuration/webhooks";
/// The place in the navigation: below that of configuration, for who sees that.
const PLACE: &str = LIST;

/// The addresses of these pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/configuration/webhooks", get(list::show))
        .route("/configuration/webhooks/{item}", get(endpoint::show))
        .route("/configuration/webhooks/{item}/test", get(test::ask).post(test::send))
        .route("/configuration/webhooks/{item}/refused", get(refused::show))
        .route("/configuration/webhooks/{item}/deliveries", get(deliveries::show))
        .route("/configuration/webhooks/{item}/requests/{id}", get(request::show))
        .route(
            "/configuration/webhooks/{item}/deliveries/{id}",
            get(redeliver::ask).post(redeliver::redeliver),
        )
}

/// The page of an endpoint.
pub(super) fn path(number: ItemNumber) -> String {
    format!("{LIST}/{number}")
}

fn may_edit(state: &AppState, visitor: &Visitor) -> bool {
    visitor.may_any(state, &[CONFIG_EDIT])
}

/// What an endpoint makes of the requests that it accepts, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PassedOn {
    /// They are kept, and were perhaps forwarded before.
    Nowhere,
    /// They go on to a receiver.
    ToReceiver,
    /// Each starts a release.
    AsRelease,
}

impl PassedOn {
    fn of(item: &Item) -> Self {
        match action(&item.properties) {
            Action::Keep => Self::Nowhere,
            Action::Forward => Self::ToReceiver,
            Action::Start => Self::AsRelease,
        }
    }

    /// What the list of what became of them is called.
    const fn heading(self) -> &'static str {
        match self {
            Self::Nowhere | Self::ToReceiver => "Forwarded requests",
            Self::AsRelease => "Started releases",
        }
    }

    /// What is in that list.
    const fn lead(self) -> &'static str {
        match self {
            Self::Nowhere | Self::ToReceiver => "What became of requests on their way to the receiver",
            Self::AsRelease => "What became of the releases that requests start",
        }
    }

    /// What becomes of what waits while the endpoint is not enabled; empty when nothing waits.
    const fn off(self) -> &'static str {
        match self {
            Self::Nowhere => "",
            Self::ToReceiver => {
                "The endpoint is not enabled: requests that wait to be forwarded go on when it is, and are given up after three \
                 days."
            }
            Self::AsRelease => {
                "The endpoint is not enabled, and starts nothing: requests that waited to start a release are given up. When \
                 it is enabled, Redeliver starts one."
            }
        }
    }

    /// What is asked, and said of it, before one begins again.
    const fn question(self) -> (&'static str, &'static str) {
        match self {
            Self::Nowhere | Self::ToReceiver => (
                "Send this request to its receiver again?",
                "It has the same id as before, so that a careful receiver knows it.",
            ),
            Self::AsRelease => (
                "Start a release by this request again?",
                "A request has one release: while that is there, no other one is started.",
            ),
        }
    }

    /// What is said when one begins again.
    const fn begins_again(self) -> &'static str {
        match self {
            Self::Nowhere | Self::ToReceiver => "The request is sent to the receiver again.",
            Self::AsRelease => "The request starts its release, unless that is there.",
        }
    }
}

/// An endpoint, and something of it.
struct Part<T>(ItemNumber, T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Part<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        let read = params.and_then(|params| {
            let mut texts = params.iter().map(|(_, text)| text);
            Some(Self(texts.next()?.parse().ok()?, texts.next()?.parse().ok()?))
        });
        read.ok_or_else(|| Problem::not_found("page").into())
    }
}
