//! Watching: what happens, told to a page or a client that stays open, as server-sent events.
//!
//! Twice a second one looks. It is over after an hour, when the server stops, and when the right to see it ends.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::state::AppState;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// After so many looks it is over: an hour.
const LAST: u32 = 7_200;
/// After so many looks, who watches is judged anew: they may have lost the right to.
const JUDGE_AGAIN: u32 = 10;
/// After so many looks at which nothing came, a sign of life is sent.
const SIGN_OF_LIFE: u32 = 20;

/// Somebody who watches something.
pub(crate) trait Watching: Send + 'static {
    /// Judges who watches anew; `None`: they may not any more.
    fn judge_again(&mut self, state: &AppState) -> impl Future<Output = Option<()>> + Send;

    /// What came since the last look, as events; empty: nothing. `None`: it is over.
    fn look(&mut self, state: &AppState) -> impl Future<Output = Option<String>> + Send;
}

/// The answer to somebody who watches: a comment at once, so that they know it began, and then what comes.
pub(crate) fn answer(state: AppState, watching: impl Watching) -> Response {
    let looks = Looks { state, watching, done: 0 };
    let first = Bytes::from_static(b": what happens from now on\n\n");
    let body = stream::unfold((looks, Some(first)), |(mut looks, ready)| async move {
        let next = match ready {
            Some(first) => first,
            None => looks.next().await?,
        };
        Some((Ok::<_, Infallible>(next), (looks, None)))
    });
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    // Proxies hand on what is there, instead of waiting for more.
    (headers, [("x-accel-buffering", "no")], Body::from_stream(body)).into_response()
}

struct Looks<W> {
    state: AppState,
    watching: W,
    done: u32,
}

impl<W: Watching> Looks<W> {
    /// The next events, or a sign of life; `None`: it is over.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            tokio::time::sleep(PAUSE).await;
            self.done += 1;
            if self.done > LAST || self.state.node.is_draining() {
                return None;
            }
            if self.done.is_multiple_of(JUDGE_AGAIN) {
                self.watching.judge_again(&self.state).await?;
            }
            let came = self.watching.look(&self.state).await?;
            if !came.is_empty() {
                return Some(came.into());
            }
            if self.done.is_multiple_of(SIGN_OF_LIFE) {
                return Some(Bytes::from_static(b": nothing new\n\n"));
            }
        }
    }
}
