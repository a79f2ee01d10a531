//! A list as a file, sent piece by piece while it is read, as long as whoever asked for it may see it.

use axum::body::{Body, Bytes};
use axum::response::IntoResponse;
use futures_util::stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::{PageResult, Visitor};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// What kind of file it is, and what it is called.
pub(super) struct FileName {
    /// Its media type.
    pub(super) kind: &'static str,
    /// What stands before the day in its name.
    pub(super) stem: &'static str,
    /// The ending of its name.
    pub(super) ending: &'static str,
}

/// Where the pieces of a file come from.
pub(super) trait Source: Send + 'static {
    /// The next piece, as far as the caller may see it now; `None` after the last one.
    fn next(
        &mut self,
        state: &AppState,
        caller: &Caller,
    ) -> impl Future<Output = Result<Option<String>, Problem>> + Send;
}

/// A file under way.
struct Download<S> {
    state: AppState,
    visitor: Visitor,
    source: S,
}

impl<S: Source> Download<S> {
    /// The next piece. A file may take minutes, in which somebody can lose the right to see it.
    async fn next(&mut self) -> Result<Option<String>, Problem> {
        let caller = self.visitor.again(&self.state).await?;
        self.source.next(&self.state, &caller).await
    }
}

/// Answers with a file: `head`, then what `source` gives. One that ends too early is broken off, not ended, so that
/// nobody takes it for the whole.
pub(super) async fn file(
    state: AppState,
    visitor: Visitor,
    name: FileName,
    head: String,
    source: impl Source,
) -> PageResult {
    let day = state.clock.now().strftime("%F");
    let disposition = format!("attachment; filename=\"{}-{day}.{}\"", name.stem, name.ending);
    let mut download = Download { state, visitor, source };
    // Read before the headers go out, so that a failure is a status.
    let first = download.next().await?.unwrap_or_default();
    let first = Some(head + first.as_str()).filter(|text| !text.is_empty());
    let body = stream::try_unfold((download, first), |(mut download, ready)| async move {
        let text = match ready {
            Some(text) => Some(text),
            None => download.next().await.map_err(|problem| std::io::Error::other(problem.to_string()))?,
        };
        Ok::<_, std::io::Error>(text.map(|text| (Bytes::from(text), (download, None))))
    });
    let headers = [(CONTENT_TYPE, name.kind.to_owned()), (CONTENT_DISPOSITION, disposition)];
    Ok((headers, Body::from_stream(body)).into_response())
}
